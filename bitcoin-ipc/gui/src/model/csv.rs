//! Tables as text.
//!
//! In: rows of cells. Out: lines of a CSV file (RFC 4180) that no spreadsheet takes for formulas.

/// The lines of a table.
pub(crate) fn table<'a, R: IntoIterator<Item = &'a str>>(rows: impl IntoIterator<Item = R>) -> String {
    let mut text = String::new();
    for row in rows {
        for (index, value) in row.into_iter().enumerate() {
            if index > 0 {
                text.push(',');
            }
            cell(&mut text, value);
        }
        text.push_str("\r\n");
    }
    text
}

/// One cell, in quotes. What a spreadsheet would run begins with an apostrophe.
fn cell(text: &mut String, value: &str) {
    text.push('"');
    let number = value.parse::<f64>().is_ok();
    if value.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) && !number {
        text.push('\'');
    }
    text.push_str(&value.replace('"', "\"\""));
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a59_no_cell_is_a_formula() {
        let rows = [["=1+1", "@x", "+x", "-x"], ["-0.5", "a \"b\"", "two\nlines", "1,2"]];
        assert_eq!(
            table(rows),
            "\"'=1+1\",\"'@x\",\"'+x\",\"'-x\"\r\n\"-0.5\",\"a \"\"b\"\"\",\"two\nlines\",\"1,2\"\r\n"
        );
    }
}
