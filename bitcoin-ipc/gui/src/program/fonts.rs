//! Fonts of the system.
//!
//! In: a language whose letters the window has not. Out: a font that has them, if one is installed. It is read when the
//! language is chosen, and by nobody else: such fonts are large.

use std::path::{Path, PathBuf};

use eframe::egui::{FontData, FontFamily, FontInsert, FontPriority, InsertFontFamily};

use crate::text::words::Language;

/// Where fonts are, below the root or the user's folder.
const FOLDERS: [&str; 4] =
    ["/usr/share/fonts", "/usr/local/share/fonts", "/System/Library/Fonts", "/Library/Fonts"];
const OWN_FOLDERS: [&str; 3] = [".local/share/fonts", ".fonts", "Library/Fonts"];

/// Parts of the names of files that have the letters of both languages, the better ones first.
const NAMES: [&str; 8] = [
    "NotoSansCJK-Regular",
    "NotoSansCJKsc-Regular",
    "NotoSansCJKjp-Regular",
    "SourceHanSans",
    "wqy-microhei",
    "DroidSansFallbackFull",
    "PingFang",
    "Hiragino Sans GB",
];

/// How deep folders are looked through.
const DEEPEST: usize = 4;

/// Finds a font with the letters of a language.
pub(super) fn find(language: Language) -> Option<FontInsert> {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let own = home.iter().flat_map(|home| OWN_FOLDERS.iter().map(|folder| home.join(folder)));
    let mut files = Vec::new();
    for folder in FOLDERS.iter().map(PathBuf::from).chain(own) {
        look(&folder, DEEPEST, &mut files);
    }
    let path = NAMES.iter().find_map(|name| {
        files.iter().find(|file| file.file_name().is_some_and(|file| file.to_string_lossy().contains(name)))
    })?;
    let bytes = std::fs::read(path).ok()?;
    let mut data = FontData::from_owned(bytes);
    // Noto's collection has Japanese shapes first, and simplified Chinese ones third.
    let noto = path.to_string_lossy().ends_with("NotoSansCJK-Regular.ttc");
    data.index = if noto && language == Language::Chinese { 2 } else { 0 };
    let families = [FontFamily::Proportional, FontFamily::Monospace];
    let families = families.map(|family| InsertFontFamily { family, priority: FontPriority::Lowest });
    Some(FontInsert::new(language.tag(), data, families.into()))
}

fn look(folder: &Path, deep: usize, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() && deep > 0 {
            look(&path, deep - 1, files);
        } else if path.extension().is_some_and(|end| end == "ttc" || end == "ttf" || end == "otf") {
            files.push(path);
        }
    }
}
