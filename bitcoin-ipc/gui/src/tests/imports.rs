//! What is drawn and what is decided knows of values alone.

use std::path::Path;

/// All sources below a folder.
fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let text = std::fs::read_to_string(&path).expect("a source");
            found.push((path.display().to_string(), text));
        }
    }
}

#[test]
fn a62_no_page_and_no_decision_names_a_proxy() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    for folder in ["view", "model", "text", "engine"] {
        sources(&root.join(folder), &mut found);
    }
    assert!(found.len() > 40, "only {} sources were seen", found.len());
    for (name, text) in &found {
        for word in ["mp_runtime", "::interfaces", "crate::link", "crate::program"] {
            assert!(!text.contains(word), "{name} names {word}");
        }
    }
}

#[test]
fn a62_no_file_is_long() {
    let mut found = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    for (name, text) in found.iter().filter(|(name, _)| !name.contains("/tests/")) {
        assert!(text.lines().count() <= 400, "{name} has {} lines", text.lines().count());
    }
}
