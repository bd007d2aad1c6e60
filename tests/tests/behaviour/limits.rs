//! The table of limits says what is the case.

use std::path::Path;

use mp_runtime::Limits;

fn folder(path: &str) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        text += &if path.is_dir() {
            folder(path.to_str().unwrap())
        } else {
            std::fs::read_to_string(path).unwrap_or_default()
        };
    }
    text
}

/// A value as the table has it.
fn shown(name: &str, value: &str) -> String {
    let Ok(number) = value.parse::<usize>() else {
        return if value == "None" { "none".into() } else { value.into() };
    };
    if name.contains("bytes") || name.contains("before") {
        return format!("{} MiB", number >> 20);
    }
    let digits: Vec<char> = value.chars().rev().collect();
    let groups: Vec<String> = digits.chunks(3).map(|group| group.iter().rev().collect()).rev().collect();
    groups.join(",")
}

#[test]
fn every_limit_stands_in_the_table_with_its_default_and_its_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = std::fs::read_to_string(root.join("../mp-runtime/docs/limits.md")).unwrap();
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    let rows: Vec<Vec<&str>> =
        rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect()).collect();
    let defaults = format!("{:?}", Limits::default());
    let fields = defaults.trim_start_matches("Limits { ").trim_end_matches(" }").split(", ");
    let fields: Vec<(String, String)> = fields
        .map(|field| field.split_once(": ").unwrap())
        .map(|(name, value)| (format!("`{name}`"), shown(name, value)))
        .collect();
    let of_table: Vec<(String, String)> = rows.iter().map(|row| (row[0].into(), row[1].into())).collect();
    assert_eq!(of_table, fields);
    let tests = folder(root.join("tests").to_str().unwrap());
    for row in rows {
        for test in row[3].split(", ") {
            let test = format!("fn {}(", test.trim_matches('`'));
            assert!(tests.contains(&test), "{}: there is no `{test}…)`", row[0]);
        }
    }
}
