//! Labels that wallets of others read (BIP 329).
//!
//! In: addresses and labels. Out: a line of JSON for each; and back.

use crate::text::words::say;
use serde_json::{Value, json};

/// The lines of a file.
pub(crate) fn write<'a>(labels: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let line = |(address, label): (&str, &str)| {
        format!("{}\n", json!({"type": "addr", "ref": address, "label": label}))
    };
    labels.into_iter().map(line).collect()
}

/// What a file has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Labels {
    /// Addresses and their labels.
    pub(crate) addresses: Vec<(String, String)>,
    /// How many labels of something else there are.
    pub(crate) others: usize,
}

/// Reads the lines of a file.
///
/// # Errors
///
/// A line is none of BIP 329; the text says which.
pub(crate) fn read(text: &str) -> Result<Labels, String> {
    let mut labels = Labels::default();
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        let value: Value =
            serde_json::from_str(line).map_err(|_| say!("Line {number} is not JSON.", number))?;
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        let (Some(kind), Some(of)) = (text("type"), text("ref")) else {
            return Err(say!("Line {number} does not say what its label is of.", number));
        };
        match (kind, text("label")) {
            ("addr", Some(label)) => labels.addresses.push((of.to_owned(), label.to_owned())),
            // A label may be left out.
            (_, None) => {}
            (_, Some(_)) => labels.others += 1,
        }
    }
    Ok(labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_read_as_bip_329_says() {
        let text = r#"{ "type": "tx", "ref": "f91d0a8a78462bc59398f2c5d7a84fcff491c26ba54c4833478b202796c8aafd", "label": "Transaction", "origin": "wpkh([d34db33f/84'/0'/0'])" }
{ "type": "addr", "ref": "bc1q34aq5drpuwy3wgl9lhup9892qp6svr8ldzyy7c", "label": "Address" }

{ "type": "output", "ref": "f91d0a8a78462bc59398f2c5d7a84fcff491c26ba54c4833478b202796c8aafd:1", "spendable": false }
"#;
        let address = "bc1q34aq5drpuwy3wgl9lhup9892qp6svr8ldzyy7c";
        let labels = read(text).expect("labels");
        assert_eq!(labels.addresses, [(address.to_owned(), "Address".to_owned())]);
        assert_eq!(labels.others, 1);
        assert_eq!(read("nonsense"), Err("Line 1 is not JSON.".to_owned()));
        assert_eq!(read("\n{}"), Err("Line 2 does not say what its label is of.".to_owned()));
        let written = write([(address, "two\nlines \"quoted\"")]);
        assert_eq!(written.lines().count(), 1);
        assert_eq!(
            read(&written).map(|labels| labels.addresses[0].1.clone()),
            Ok("two\nlines \"quoted\"".to_owned())
        );
    }
}
