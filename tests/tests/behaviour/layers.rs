//! The order of the runtime's layers: each imports only earlier ones.

use std::path::{Path, PathBuf};

/// The layers, from the lowest. Those of one line may import each other.
const LAYERS: &[&[&str]] = &[
    &["error", "limits"],
    &["monitor", "json", "callbacks"],
    &["process", "socket", "cleanup"],
    &["event_loop"],
    &["thread"],
    &["wire", "with"],
    &["connection"],
    &["proxy"],
    &["remote"],
    &["listen", "spawned"],
    &["schema"],
    &["private"],
];

fn layer(module: &str) -> usize {
    let found = LAYERS.iter().position(|layer| layer.contains(&module));
    found.unwrap_or_else(|| panic!("module `{module}` belongs to no layer; add it to the list"))
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn each_layer_of_the_runtime_imports_only_earlier_ones() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../mp-runtime/src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(files.len() > 50, "the sources are somewhere else");
    let mut wrong = Vec::new();
    for file in files {
        let path = file.strip_prefix(&root).unwrap();
        let own = path.components().next().unwrap().as_os_str().to_str().unwrap().trim_end_matches(".rs");
        if own == "lib" {
            continue;
        }
        for line in std::fs::read_to_string(&file).unwrap().lines() {
            // Links in comments may point anywhere.
            let code = line.split("//").next().unwrap_or_default();
            for rest in code.split("crate::").skip(1) {
                let module: String =
                    rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                if layer(&module) > layer(own) {
                    wrong.push(format!("{} imports `{module}`, a later layer", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
