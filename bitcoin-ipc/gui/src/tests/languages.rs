//! Six languages: no text lacks a translation, none is hard-wired, nothing is cut off.

use std::collections::BTreeSet;
use std::path::Path;

use eframe::egui::{self, Role};
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::fake::lock;
use super::{Gui, PAGES, rich};
use crate::text::words::Language;
use crate::view::Dialog;

/// All sources of the program, without their tests.
fn sources() -> Vec<String> {
    fn walk(folder: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() && !path.ends_with("src/tests") {
                walk(&path, found);
            } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("text/words.rs") {
                let text = std::fs::read_to_string(&path).expect("a source");
                let own = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
                let lines = own.lines().filter(|line| !line.trim_start().starts_with("//"));
                found.push(lines.collect::<Vec<_>>().join("\n"));
            }
        }
    }
    let mut found = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    found
}

/// The text that a source has here in quotation marks.
fn literal(source: &str) -> Option<String> {
    let mut rest = source.trim_start().strip_prefix('"')?.chars().peekable();
    let mut text = String::new();
    loop {
        match rest.next()? {
            '"' => return Some(text),
            '\\' => match rest.next()? {
                '\n' => while rest.next_if(|next| next.is_whitespace()).is_some() {},
                other => text.push(other),
            },
            other => text.push(other),
        }
    }
}

/// All texts of the program.
fn keys() -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for source in sources() {
        for word in ["t!(", "mark!(", "say!("] {
            for (place, _) in source.match_indices(word) {
                let before = source[..place].chars().next_back();
                if before.is_none_or(|before| !before.is_alphanumeric() && before != '_') {
                    keys.extend(literal(&source[place + word.len()..]));
                }
            }
        }
    }
    keys
}

/// What stands in braces.
fn names(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
}

#[test]
fn a52_no_text_lacks_a_translation() {
    let keys = keys();
    assert!(keys.len() > 500, "only {} texts were found", keys.len());
    for language in Language::ALL.into_iter().skip(1) {
        let texts = language.catalog().texts();
        for key in &keys {
            let text = texts.get(key.as_str()).unwrap_or_else(|| panic!("{language:?} lacks: {key}"));
            assert!(!text.trim().is_empty(), "{language:?} has nothing for: {key}");
            assert_eq!(names(key), names(text), "{language:?}: {key}");
        }
        let old: Vec<_> = texts.keys().filter(|key| !keys.contains(**key)).collect();
        assert_eq!(old, Vec::<&&str>::new(), "{language:?} has what nobody says");
    }
}

/// Speaks a language.
fn speak(gui: &mut Gui, language: Language) {
    gui.harness.state_mut().state().prefs.language = language;
    gui.harness.run_steps(3);
}

/// The page with this place in the order.
fn go_to(gui: &mut Gui, place: usize) {
    let tabs: Vec<_> = gui.harness.get_all_by_role(Role::Tab).collect();
    tabs[place].click();
    drop(tabs);
    gui.harness.run_steps(3);
    gui.settle();
}

/// Whether a text is a value and no words.
fn is_data(text: &str) -> bool {
    const WORDS: [&str; 24] = [
        "BTC",
        "sat",
        "vB",
        "MB",
        "kB",
        "ms",
        "w",
        "regtest",
        "Alice",
        "Bob",
        "English",
        "Deutsch",
        "Español",
        "Français",
        "PSBT",
        "URI",
        "QR",
        "Satoshi",
        "par",
        "maxmempool",
        "fallbackfee",
        "spendzeroconfchange",
        "addresstype",
        "bitcoin",
    ];
    let parts = text.split(|c: char| !c.is_alphanumeric());
    parts.filter(|part| part.chars().any(char::is_alphabetic)).all(|part| {
        WORDS.contains(&part)
            || part.starts_with("bcrt1")
            || part.starts_with("get")
            // Dates, ids and addresses in groups.
            || part.chars().any(|c| c.is_ascii_digit())
            || part.len() >= 32
    })
}

/// What is on the screen and not in brackets.
fn hard_wired(gui: &Gui) -> Vec<String> {
    let mut found = Vec::new();
    for node in gui.harness.root().children_recursive() {
        let node = node.accesskit_node();
        // A line of a text is not all of it.
        if node.role() == Role::TextRun {
            continue;
        }
        for text in [node.label(), node.value()].into_iter().flatten() {
            if !text.contains('«') && !text.contains('»') && !is_data(&text) {
                found.push(format!("{:?}: {text}", node.role()));
            }
        }
    }
    found
}

/// What is drawn over the edge of the window, or of what it is in.
fn cut_off(gui: &Gui) -> Vec<String> {
    let width = f64::from(gui.harness.ctx.content_rect().right() * gui.harness.ctx.pixels_per_point());
    let mut found = Vec::new();
    for node in gui.harness.root().children_recursive() {
        let node = node.accesskit_node();
        let name = node.label().or(node.value()).unwrap_or_default();
        let Some(place) = node.bounding_box().filter(|_| !name.is_empty()) else { continue };
        if place.x1 > width + 1.0 {
            found.push(format!("{:?} {name} ends at {} of {width}", node.role(), place.x1));
        }
        // The words of a tab or a button are inside it.
        if node.role() == Role::TextRun
            && let Some(above) =
                node.parent().filter(|above| matches!(above.role(), Role::Tab | Role::Button))
            && above.bounding_box().is_some_and(|above| place.x1 > above.x1 + 1.0)
        {
            found.push(format!("{name} is longer than its button"));
        }
    }
    found
}

#[test]
fn a52_no_text_is_hard_wired_and_none_is_cut_off() {
    let mut gui = rich();
    speak(&mut gui, Language::Pseudo);
    for (size, zoom) in [((1_280.0, 800.0), 100), ((640.0, 480.0), 100), ((1_280.0, 800.0), 200)] {
        gui.harness.state_mut().state().prefs.zoom = zoom;
        gui.harness.set_size(egui::vec2(size.0, size.1));
        for (place, page) in PAGES.into_iter().enumerate() {
            go_to(&mut gui, place);
            assert_eq!(hard_wired(&gui), Vec::<String>::new(), "{}", page);
            assert_eq!(cut_off(&gui), Vec::<String>::new(), "{} at {size:?}, {zoom} %", page);
        }
        for dialog in Dialog::each() {
            gui.harness.state_mut().state().dialog = Some(dialog);
            gui.harness.run_steps(4);
            assert_eq!(hard_wired(&gui), Vec::<String>::new(), "a dialog at {size:?}, {zoom} %");
            assert_eq!(cut_off(&gui), Vec::<String>::new(), "a dialog at {size:?}, {zoom} %");
            gui.harness.key_press(egui::Key::Escape);
            gui.harness.run_steps(2);
        }
    }
}

#[test]
fn a52_what_was_told_in_english_is_said_in_the_language() {
    let mut gui = rich();
    speak(&mut gui, Language::German);
    gui.world().kill_wallets();
    gui.wait_for("Der Prozess der Wallets hat geendet. Ist es der eigene des Knotens");
    gui.world().node.load(&bitcoin_ipc::types::restart::message(std::time::Duration::from_secs(60)));
    gui.wait_for("Der Prozess der Wallets hat geendet. Der Knoten startet ihn in 60 s wieder.");
    gui.world().start_wallets();
    gui.wait(|gui| !gui.sees("Der Prozess der Wallets hat geendet."));
    gui.settle();
    // What has a value in it, and what the node says itself.
    let mut gui2 = rich();
    speak(&mut gui2, Language::German);
    gui2.world().node.warn("This is a test version");
    gui2.wait_for("This is a test version");
    gui2.lose_node_by("Der Knoten ist weg. Er wird erwartet unter /tmp/node.sock.");
}

#[test]
fn a52_the_language_changes_without_a_restart() {
    let mut gui = rich();
    for (language, overview, row) in [
        (Language::German, "Übersicht von w", "Gesendet -0.50000000 BTC, Bob, Unbestätigt, 2023-11-14 22:13"),
        (Language::Spanish, "Resumen de w", "Enviado -0.50000000 BTC, Bob, Sin confirmar, 2023-11-14 22:13"),
        (Language::French, "Aperçu de w", "Envoyé -0.50000000 BTC, Bob, Non confirmée, 2023-11-14 22:13"),
        (Language::English, "Overview of w", "Sent -0.50000000 BTC, Bob, Unconfirmed, 14 Nov 2023 22:13"),
    ] {
        speak(&mut gui, language);
        assert!(gui.sees(overview) && gui.sees(row), "{language:?}:\n{}", gui.tree());
        assert_eq!(gui.saved().map(|prefs| prefs.language).unwrap_or_default(), language);
        for (place, page) in PAGES.into_iter().enumerate() {
            go_to(&mut gui, place);
            assert_eq!(cut_off(&gui), Vec::<String>::new(), "{language:?}, {}", page);
        }
        go_to(&mut gui, 0);
    }
    // A payment in another language is the same payment.
    speak(&mut gui, Language::German);
    go_to(&mut gui, 1);
    gui.type_in("Zahlen an", &super::paying::address(7));
    gui.type_in("Betrag (BTC)", "0.5");
    gui.press("Prüfen");
    gui.wait_for("Prüfen Sie diese Zahlung");
    gui.wait(|gui| gui.is_enabled("Senden"));
    gui.press("Senden");
    gui.wait_for("Die Zahlung ist gesendet.");
    let wallet = lock(&gui.world().loader.wallets)["w"].clone();
    assert_eq!(lock(&wallet.inside).committed[0].output[0].value.to_sat(), 50_000_000);
}

#[test]
fn a52_japanese_and_chinese_are_drawn_where_their_letters_are_installed() {
    for (language, send) in [(Language::Japanese, "送る"), (Language::Chinese, "发送")] {
        let Some(font) = crate::program::find_letters(language) else {
            eprintln!("SKIPPED: no font with the letters of {language:?}");
            return;
        };
        let mut gui = rich();
        gui.harness.ctx.add_font(font);
        gui.harness.run_steps(2);
        speak(&mut gui, language);
        let font = egui::TextStyle::Body.resolve(&gui.harness.ctx.global_style());
        for text in language.catalog().texts().values() {
            let drawn = gui.harness.ctx.fonts_mut(|fonts| fonts.has_glyphs(&font, text));
            assert!(drawn, "{language:?}: {text}");
        }
        assert!(gui.sees(send));
        for (place, page) in PAGES.into_iter().enumerate() {
            go_to(&mut gui, place);
            assert_eq!(cut_off(&gui), Vec::<String>::new(), "{language:?}, {}", page);
        }
    }
}
