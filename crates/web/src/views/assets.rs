//! The files that every page asks for: one stylesheet, one script, one icon.

/// A file served beside the pages.
pub(crate) struct Asset {
    pub(crate) name: &'static str,
    pub(crate) media_type: &'static str,
    pub(crate) text: &'static str,
}

/// The stylesheet.
pub(crate) const STYLE: Asset =
    Asset { name: "style.css", media_type: "text/css; charset=utf-8", text: include_str!("../../assets/style.css") };

/// The script: pages work without it.
pub(crate) const SCRIPT: Asset =
    Asset { name: "live.js", media_type: "text/javascript; charset=utf-8", text: include_str!("../../assets/live.js") };

/// The icon.
pub(crate) const ICON: Asset =
    Asset { name: "icon.svg", media_type: "image/svg+xml", text: include_str!("../../assets/icon.svg") };

/// All of them.
pub(crate) const ALL: [&Asset; 3] = [&STYLE, &SCRIPT, &ICON];

impl Asset {
    /// A file by its name.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        ALL.into_iter().find(|asset| asset.name == name)
    }

    /// Where it is served: the address changes with the content, so that browsers may keep it for ever.
    pub(crate) fn url(&self) -> String {
        format!("/assets/{}?v={:08x}", self.name, fingerprint(self.text.as_bytes()))
    }
}

/// FNV-1a: tells versions apart and protects nothing.
const fn fingerprint(bytes: &[u8]) -> u32 {
    let mut hash = 0x811c_9dc5_u32;
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u32).wrapping_mul(0x0100_0193);
        at += 1;
    }
    hash
}
