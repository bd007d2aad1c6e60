//! Texts in columns.
//!
//! In: labels with values, or rows under headings. Out: aligned lines, styled where the terminal wants it.

use std::fmt;

use anstyle::{AnsiColor, Style};

/// How labels and headings stand out.
const LABEL: Style = AnsiColor::Cyan.on_default();

/// Labels with values, one per line. An empty label continues the one above.
#[derive(Debug, Default)]
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    /// One more line.
    pub(crate) fn with(mut self, label: &str, value: impl fmt::Display) -> Self {
        self.add(label, value);
        self
    }

    /// One more line.
    pub(crate) fn add(&mut self, label: &str, value: impl fmt::Display) {
        self.0.push((label.to_owned(), value.to_string()));
    }
}

impl fmt::Display for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.0.iter().map(|(label, _)| label.chars().count()).max().unwrap_or(0);
        for (number, (label, value)) in self.0.iter().enumerate() {
            if number > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{LABEL}{label:width$}{LABEL:#}  {value}")?;
        }
        Ok(())
    }
}

/// Rows under headings. The first column stands left, the others right.
#[derive(Debug)]
pub(crate) struct Table {
    headings: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows.
    pub(crate) fn new(headings: &[&'static str]) -> Self {
        Table { headings: headings.to_vec(), rows: Vec::new() }
    }

    /// One more row.
    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headings: Vec<String> = self.headings.iter().map(|&heading| heading.to_owned()).collect();
        let width = |column: usize| {
            let cells = self.rows.iter().chain([&headings]).filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..headings.len()).map(width).collect();
        let line = |row: &[String]| {
            let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, &width))| {
                if column == 0 { format!("{cell:width$}") } else { format!("{cell:>width$}") }
            });
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        write!(f, "{LABEL}{}{LABEL:#}", line(&headings))?;
        self.rows.iter().try_for_each(|row| write!(f, "\n{}", line(row)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: impl fmt::Display) -> String {
        anstream::adapter::strip_str(&text.to_string()).to_string()
    }

    #[test]
    fn columns_are_aligned() {
        let fields = Fields::default().with("height", 7).with("", "more").with("a long label", "x");
        assert_eq!(plain(fields), "height        7\n              more\na long label  x");
        let mut table = Table::new(&["method", "calls"]);
        table.row(vec!["Echo.echo".into(), "1 000".into()]);
        table.row(vec!["x".into(), "2".into()]);
        assert_eq!(plain(table), "method     calls\nEcho.echo  1 000\nx              2");
    }
}
