//! Enums that are one word outside: in the database, in JSON, in URLs.

/// The text is none of the words expected.
#[derive(Debug, Clone, thiserror::Error)]
#[error("unknown {what} \"{word}\"")]
pub struct UnknownWord {
    pub what: &'static str,
    pub word: String,
}

macro_rules! words {
    (
        $(#[$doc:meta])*
        pub enum $name:ident as $what:literal {
            $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// All of them, in their order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word outside.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::UnknownWord;

            fn from_str(word: &str) -> Result<Self, $crate::UnknownWord> {
                Self::ALL
                    .iter()
                    .copied()
                    .find(|it| it.as_str() == word)
                    .ok_or_else(|| $crate::UnknownWord { what: $what, word: word.to_owned() })
            }
        }
    };
}
pub(crate) use words;
