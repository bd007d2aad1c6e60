//! What is to the user's taste.
//!
//! In: a file of JSON. Out: choices, and back. What is not understood is left at its default.

use serde_json::{Value, json};

use crate::text::amount::Unit;
use crate::text::words::Language;
use crate::text::words::mark;

/// Which colours are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Theme {
    /// The system's.
    #[default]
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
    /// White on black, and nothing in between.
    Contrast,
}

impl Theme {
    /// All, in their order.
    pub(crate) const ALL: [Theme; 4] = [Theme::System, Theme::Light, Theme::Dark, Theme::Contrast];

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Theme::System => mark!("As the system"),
            Theme::Light => mark!("Light"),
            Theme::Dark => mark!("Dark"),
            Theme::Contrast => mark!("High contrast"),
        }
    }
}

/// What is to the user's taste.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Prefs {
    /// What amounts are shown in.
    pub(crate) unit: Unit,
    /// Whether amounts are hidden.
    pub(crate) hide_amounts: bool,
    /// Which colours are used.
    pub(crate) theme: Theme,
    /// How much larger than usual all is, in hundredths.
    pub(crate) zoom: u16,
    /// What is spoken.
    pub(crate) language: Language,
    /// Whether the desktop tells what is urgent while the window is not in front.
    pub(crate) notices: bool,
    /// Whether there is an icon in the desktop's tray.
    pub(crate) tray: bool,
    /// Whether a window that is closed stays in the tray.
    pub(crate) stays: bool,
}

/// How much larger or smaller all can be, in hundredths.
pub(crate) const ZOOMS: std::ops::RangeInclusive<u16> = 50..=300;

impl Default for Prefs {
    fn default() -> Self {
        Prefs {
            unit: Unit::default(),
            hide_amounts: false,
            theme: Theme::default(),
            zoom: 100,
            language: Language::default(),
            notices: true,
            tray: true,
            stays: false,
        }
    }
}

impl Prefs {
    /// Reads them. Without a language in them it is the other one.
    pub(crate) fn read(text: &str, otherwise: Language) -> Prefs {
        let value: Value = serde_json::from_str(text).unwrap_or_default();
        let word = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
        let flag = |name: &str, usual| value.get(name).and_then(Value::as_bool).unwrap_or(usual);
        let zoom = value.get("zoom").and_then(Value::as_u64).and_then(|zoom| u16::try_from(zoom).ok());
        Prefs {
            unit: Unit::ALL.into_iter().find(|unit| unit.name() == word("unit")).unwrap_or_default(),
            hide_amounts: flag("hide_amounts", false),
            theme: Theme::ALL.into_iter().find(|theme| theme.name() == word("theme")).unwrap_or_default(),
            zoom: zoom.filter(|zoom| ZOOMS.contains(zoom)).unwrap_or(100),
            language: Language::ALL
                .into_iter()
                .find(|language| language.tag() == word("language"))
                .unwrap_or(otherwise),
            notices: flag("notices", true),
            tray: flag("tray", true),
            stays: flag("stays", false),
        }
    }

    /// The file.
    pub(crate) fn text(&self) -> String {
        let value = json!({
            "unit": self.unit.name(),
            "hide_amounts": self.hide_amounts,
            "theme": self.theme.name(),
            "zoom": self.zoom,
            "language": self.language.tag(),
            "notices": self.notices,
            "tray": self.tray,
            "stays": self.stays,
        });
        format!("{value:#}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let language = Language::German;
        let prefs = Prefs {
            unit: Unit::Sat,
            hide_amounts: true,
            theme: Theme::Dark,
            zoom: 150,
            language,
            notices: false,
            tray: false,
            stays: true,
        };
        assert_eq!(Prefs::read(&prefs.text(), Language::English), prefs);
        for text in ["", "[]", "{\"zoom\": 5, \"unit\": 1}", "{\"zoom\": -1}"] {
            assert_eq!(Prefs::read(text, Language::English), Prefs::default(), "{text}");
            assert_eq!(Prefs::read(text, Language::French).language, Language::French, "{text}");
        }
    }
}
