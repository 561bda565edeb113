//! Pages, style and script are light.

use super::samples::pages;
use crate::views::assets;

#[test]
fn style_and_script_are_small() {
    assert!(assets::STYLE.text.len() < 20_000);
    assert!(assets::SCRIPT.text.len() < 20_000);
    assert!(assets::ICON.text.len() < 2_000);
}

#[test]
fn a_page_with_all_it_loads_weighs_less_than_100_kb() {
    let beside: usize = assets::ALL.iter().map(|asset| asset.text.len()).sum();
    for (name, html) in pages() {
        assert!(html.len() + beside < 100_000, "{name}: {} bytes", html.len() + beside);
    }
}

#[test]
fn assets_are_found_by_the_name_in_their_address() {
    for asset in assets::ALL {
        let url = asset.url();
        let name = url.trim_start_matches("/assets/").split('?').next().unwrap();
        assert_eq!(assets::Asset::named(name).map(assets::Asset::url), Some(url));
    }
    assert!(assets::Asset::named("../Cargo.toml").is_none());
}

#[test]
fn the_stylesheet_asks_for_nothing() {
    for forbidden in ["url(", "@import", "http"] {
        assert!(!assets::STYLE.text.contains(forbidden), "{forbidden}");
    }
}
