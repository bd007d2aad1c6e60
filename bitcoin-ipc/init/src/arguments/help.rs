//! The texts of `-help` and `-help-debug`.
//!
//! In: a program's table. Out: its options by category, wrapped for a terminal of 79 columns.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{OptionInfo, Program};

const WIDTH: usize = 79;
const INDENT: &str = "       ";

impl Program {
    /// The name and the version, as `-version` prints them.
    #[must_use]
    pub fn version_text(&self) -> String {
        format!("{} version {}\n", self.name, self.version)
    }

    /// What `-help` prints.
    #[must_use]
    pub fn help_text(&self) -> String {
        self.help(false)
    }

    /// What `-help-debug` prints: that, and the options that are for developers and tests.
    #[must_use]
    pub fn help_debug_text(&self) -> String {
        self.help(true)
    }

    fn help(&self, debug: bool) -> String {
        let mut text = self.version_text();
        let arguments = self.positional.map(|shown| format!(" {shown}")).unwrap_or_default();
        // Writing to a string cannot fail.
        let _ = write!(text, "\n{}\n\nUsage: {} [options]{arguments}\n\n", self.about, self.name);
        let mut groups: BTreeMap<_, Vec<&OptionInfo>> = BTreeMap::new();
        for option in self.options.iter().filter(|option| !option.hidden && (debug || !option.debug_only)) {
            groups.entry(option.category).or_default().push(option);
        }
        for (category, mut options) in groups {
            options.sort_by_key(|option| option.name);
            let _ = write!(text, "{}:\n\n", category.title());
            for option in options {
                let equals = if option.value.is_empty() { "" } else { "=" };
                let _ = writeln!(text, "  -{}{equals}{}", option.name, option.value);
                wrap(&mut text, option.help);
                text.push('\n');
            }
        }
        text
    }
}

fn wrap(out: &mut String, help: &str) {
    let mut column = 0;
    for word in help.split_whitespace() {
        if column > 0 && column + 1 + word.len() > WIDTH {
            out.push('\n');
            column = 0;
        }
        let before = if column == 0 { INDENT } else { " " };
        out.push_str(before);
        out.push_str(word);
        column += before.len() + word.len();
    }
    out.push('\n');
}
