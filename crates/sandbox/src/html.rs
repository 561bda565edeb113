//! The few pages that the sandbox shows.

use axum::response::{Html, IntoResponse, Response};
use http::{StatusCode, header};

const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1c2430;--soft:#5b6675;--paper:#f4f5f7;--card:#fff;--line:#d9dee5;--mark:#1f5fbf}\
@media(prefers-color-scheme:dark){:root{--ink:#e8ebf0;--soft:#a3adba;--paper:#14181e;--card:#1d232b;--line:#343c47;--mark:#8ab4f8}}\
*{box-sizing:border-box}body{margin:0;font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper)}\
main{max-width:34rem;margin:8vh auto;padding:2rem;background:var(--card);border:1px solid var(--line);border-radius:12px}\
h1{font-size:1.35rem;margin:0 0 .5rem}h2{font-size:1.1rem}.note{margin:0 0 1.25rem;padding:.5rem .75rem;border-left:4px solid var(--mark);color:var(--soft)}\
fieldset{border:1px solid var(--line);border-radius:8px;margin:1rem 0;padding:.5rem 1rem}label{display:block;padding:.25rem 0}\
select,button{font:inherit;padding:.5rem 1rem;border-radius:8px;border:1px solid var(--line);background:var(--card);color:var(--ink)}\
select{width:100%}button{cursor:pointer}button.main{background:var(--mark);border-color:var(--mark);color:var(--card)}\
button:focus-visible,select:focus-visible,input:focus-visible{outline:3px solid var(--mark);outline-offset:2px}\
.row{display:flex;gap:.75rem;justify-content:flex-end;margin-top:1.5rem}code{font-size:.9em;overflow-wrap:anywhere}td,th{text-align:left;padding:.2rem .75rem .2rem 0;vertical-align:top}";

/// A page of its own, with a title and a body that is already HTML.
pub(crate) fn page(status: StatusCode, title: &str, body: &str) -> Response {
    let title = escape(title);
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width,initial-scale=1\"><title>{title}</title><style>{STYLE}</style></head>\
         <body><main><h1>{title}</h1>{body}</main></body></html>"
    );
    let policy = [(header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'")];
    (status, policy, Html(html)).into_response()
}

/// A text, safe between tags and in quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    #[test]
    fn escapes_what_could_leave_an_attribute() {
        assert_eq!(super::escape("\"><b>'&"), "&quot;&gt;&lt;b&gt;&#39;&amp;");
    }
}
