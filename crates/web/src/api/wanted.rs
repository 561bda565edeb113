//! Which events a reader wants.

use engine::Filter;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::problem::Problem;

/// Which events a reader wants.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// Kinds with commas between; none: all.
    #[param(nullable = false)]
    pub(crate) kinds: Option<String>,
    /// Providers with commas between; none: all.
    #[param(nullable = false)]
    pub(crate) providers: Option<String>,
}

impl Wanted {
    pub(crate) fn filter(&self) -> Result<Filter, Problem> {
        let kinds: Result<_, model::UnknownWord> = words(self.kinds.as_deref()).map(str::parse).collect();
        Ok(Filter {
            kinds: kinds.map_err(|unknown| Problem::invalid("kinds", unknown.to_string()))?,
            providers: words(self.providers.as_deref()).map(str::to_owned).collect(),
        })
    }
}

fn words(text: Option<&str>) -> impl Iterator<Item = &str> {
    text.unwrap_or_default().split(',').map(str::trim).filter(|word| !word.is_empty())
}
