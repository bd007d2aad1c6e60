//! What is drawn.

use eframe::egui::{self, Role};
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use std::path::Path;

use super::raster::Picture;
use super::{Gui, PAGES, rich};
use crate::model::Page;
use crate::model::prefs::Theme;
use crate::text::amount::Unit;
use crate::text::words::Language;

/// Relative luminance, as WCAG has it.
fn luminance(color: egui::Color32) -> f32 {
    let part = |value: u8| {
        let value = f32::from(value) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * part(color.r()) + 0.7152 * part(color.g()) + 0.0722 * part(color.b())
}

/// How well one colour can be told from another one, from 1 to 21.
pub(super) fn contrast(a: egui::Color32, b: egui::Color32) -> f32 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn a50_text_can_be_read_in_both_themes() {
    let mut gui = rich();
    for theme in [Theme::Light, Theme::Dark, Theme::Contrast] {
        gui.harness.state_mut().state().prefs.theme = theme;
        gui.harness.run_steps(3);
        let visuals = gui.harness.ctx.global_style().visuals.clone();
        assert_eq!(visuals.dark_mode, theme != Theme::Light);
        let dark = visuals.dark_mode;
        let (ground, ink) = crate::view::banner_colours(dark);
        assert!(contrast(ground, ink) >= 4.5, "banners of {theme:?}");
        assert!(contrast(visuals.panel_fill, visuals.text_color()) >= 4.5, "text of {theme:?}");
        assert!(contrast(visuals.panel_fill, crate::view::fault_colour(dark)) >= 4.5, "faults of {theme:?}");
    }
}

#[test]
fn a50_no_page_is_wider_than_the_window() {
    let mut gui = rich();
    for (size, zoom) in [((1_280.0, 800.0), 100), ((640.0, 480.0), 100), ((1_280.0, 800.0), 200)] {
        gui.harness.state_mut().state().prefs.zoom = zoom;
        gui.harness.set_size(egui::vec2(size.0, size.1));
        for page in PAGES {
            gui.page(page);
            gui.harness.run_steps(3);
            let width = gui.harness.ctx.content_rect().right() * gui.harness.ctx.pixels_per_point();
            for node in gui.harness.root().children_recursive() {
                let node = node.accesskit_node();
                let Some(place) = node.bounding_box() else { continue };
                let name = node.label().or(node.value()).unwrap_or_default();
                assert!(
                    place.x1 <= f64::from(width) + 1.0 || name.is_empty(),
                    "{page} at {size:?}, {zoom} %: {:?} {name} ends at {} of {width}",
                    node.role(),
                    place.x1
                );
            }
        }
    }
}

/// The sizes of windows, and of everything in them, that pages are looked at in.
const SIZES: [((f32, f32), u16); 5] = [
    ((1_280.0, 800.0), 100),
    ((1_000.0, 720.0), 100),
    ((640.0, 480.0), 100),
    ((1_280.0, 800.0), 200),
    ((480.0, 360.0), 100),
];

#[test]
fn a50_addresses_alone_are_cut() {
    let mut gui = rich();
    for language in [Language::English, Language::German] {
        gui.harness.state_mut().state().prefs.language = language;
        for (size, zoom) in SIZES {
            gui.resize(size, zoom);
            for page in Page::ALL.into_iter().filter(|page| *page != Page::Peers) {
                gui.harness.state_mut().state().page = page;
                gui.settle();
                gui.harness.run_steps(3);
                let cut: Vec<String> =
                    gui.cut().into_iter().filter(|text| !text.starts_with("bcrt1")).collect();
                assert_eq!(cut, Vec::<String>::new(), "{page:?} in {language:?} at {size:?}, {zoom} %");
            }
        }
    }
}

#[test]
fn a50_every_page_is_reached_in_each_size() {
    let mut gui = rich();
    for (size, zoom) in SIZES {
        gui.resize(size, zoom);
        let strip = |gui: &Gui| {
            let strip = gui.harness.get_by_label_contains("Height 200,");
            strip.accesskit_node().bounding_box().expect("a place").y0
        };
        for page in PAGES {
            // What has the focus comes into sight.
            gui.harness.get_by_role_and_label(Role::Tab, page).focus();
            gui.harness.run_steps(30);
            let tab = gui.harness.get_by_role_and_label(Role::Tab, page);
            assert!(tab.is_focused(), "{page}");
            let place = tab.accesskit_node().bounding_box().expect("a place");
            assert!(
                place.y0 > 0.0 && place.y1 <= strip(&gui) + 1.0,
                "{page} at {size:?}, {zoom} %: {place:?} is behind the strip"
            );
        }
    }
}

#[test]
fn a50_pictures_are_the_same_each_time() {
    let folder = std::env::var_os("GUI_PICTURES").map(std::path::PathBuf::from);
    for (theme, name) in [(Theme::Light, "light"), (Theme::Dark, "dark")] {
        let mut gui = rich();
        gui.harness.state_mut().state().prefs.theme = theme;
        super::paying::review(&mut gui);
        if let Some(folder) = &folder {
            gui.wait(|gui| gui.is_enabled("Send"));
            gui.picture().save_small(&folder.join(format!("review-{name}.png")));
        }
        gui.press("Back");
        gui.settle();
        for page in PAGES {
            // To draw all of them takes a while.
            if folder.is_none() && page != "Overview" && page != "Coins" {
                continue;
            }
            gui.page(page);
            let first = gui.picture();
            // The page of the node counts frames.
            if page == "Overview" || page == "Coins" {
                assert!(first.pixels == gui.picture().pixels, "{page}");
            }
            let ground = first.pixels[first.pixels.len() - 1];
            assert!(first.pixels.iter().any(|pixel| *pixel != ground), "{page} is empty");
            if let Some(folder) = &folder {
                first.save_small(&folder.join(format!("{}-{name}.png", page.to_lowercase())));
            }
        }
    }
}

/// How much a pixel of a small picture may differ: glyphs are drawn with what the processor offers.
const NOISE: u8 = 6;

/// Pictures of all pages but those that show counts of frames, and what the system tells of this process.
struct Look {
    /// The file of the kept ones.
    kept: &'static str,
    size: (f32, f32),
    zoom: u16,
    themes: &'static [Theme],
    /// How many pixels of a page are one of what is kept, in each direction.
    by: usize,
}

const LOOKS: [Look; 3] = [
    Look {
        kept: "all",
        size: (640.0, 480.0),
        zoom: 100,
        themes: &[Theme::Light, Theme::Dark, Theme::Contrast],
        by: 4,
    },
    Look { kept: "large", size: (1_280.0, 800.0), zoom: 100, themes: &[Theme::Light], by: 8 },
    Look { kept: "double", size: (1_280.0, 800.0), zoom: 200, themes: &[Theme::Light], by: 8 },
];

#[test]
fn a50_pictures_are_those_that_are_kept() {
    for look in &LOOKS {
        compare(look);
    }
}

fn compare(look: &Look) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("pictures/{}.png", look.kept));
    // The others count frames and time.
    let steady = |page: &&str| !["Node", "Processes"].contains(page);
    let whole = std::env::var_os("GUI_SCREENS").map(std::path::PathBuf::from);
    let mut pictures = Vec::new();
    for theme in look.themes {
        let mut gui = rich();
        let prefs = &mut gui.harness.state_mut().state().prefs;
        (prefs.theme, prefs.zoom) = (*theme, look.zoom);
        gui.harness.set_size(egui::vec2(look.size.0, look.size.1));
        for page in PAGES {
            gui.page(page);
            let picture = gui.picture();
            if let Some(folder) = &whole {
                picture.save(&folder.join(format!("a50-{}-{page}-{theme:?}.png", look.kept)));
            }
            if steady(&page) {
                pictures.push(picture.shrunk(look.by));
            }
        }
    }
    let (width, height) = (pictures[0].width, pictures[0].height);
    let found = Picture::sheet(&pictures, PAGES.into_iter().filter(steady).count());
    if std::env::var_os("GUI_PICTURES").is_some() {
        found.save(&path);
        return;
    }
    let kept = Picture::load(&path).expect("the kept pictures");
    assert_eq!((found.width, found.height), (kept.width, kept.height));
    let differs = |(a, b): (&egui::Color32, &egui::Color32)| {
        let parts = a.to_array().into_iter().zip(b.to_array());
        parts.into_iter().any(|(a, b)| a.abs_diff(b) > NOISE)
    };
    let other = found.pixels.iter().zip(&kept.pixels).position(differs);
    let place = other.map(|at| {
        let (column, row) = (at % found.width / width, at / found.width / height);
        format!(
            "{} in theme {:?} of {}",
            PAGES.into_iter().filter(steady).nth(column).unwrap_or_default(),
            look.themes[row],
            look.kept
        )
    });
    assert_eq!(place, None, "a picture has changed; CONTRIBUTING.md says how to write them");
}

/// No amount is anywhere in the tree.
fn has_no_amount(gui: &Gui) -> bool {
    !["3.00000000", "3.25000000", "0.50000000", "0.25000000", "2.00000000", "1.00000000"]
        .iter()
        .any(|amount| gui.sees(amount))
}

#[test]
fn a53_hidden_amounts_are_nowhere() {
    let mut gui = rich();
    assert!(!has_no_amount(&gui));
    gui.harness.key_press_modifiers(egui::Modifiers::COMMAND | egui::Modifiers::SHIFT, egui::Key::M);
    gui.harness.run_steps(3);
    for page in ["Overview", "Send", "Receive", "History", "Coins", "Addresses", "Node", "Settings"] {
        gui.page(page);
        assert!(has_no_amount(&gui), "{page}:\n{}", gui.tree());
    }
    assert_eq!(gui.saved().map(|prefs| prefs.hide_amounts), Some(true), "it survives a restart");
    // What the node says of itself, and what it answers.
    gui.page("Node");
    gui.world().node.say("The fee of 0.00012345 BTC is high.");
    gui.wait_for("The fee of ••••• BTC is high.");
    gui.type_in("Command", "getbalances");
    gui.press("Run");
    gui.wait_for("\"trusted\": •••••");
    assert!(has_no_amount(&gui) && !gui.drawn().contains("00012345"), "{}", gui.drawn());
    gui.page("Send");
    gui.type_in("Pay to", &super::paying::address(7));
    gui.type_in("Amount (BTC)", "0.4");
    gui.press("Review");
    gui.wait_for("Amounts are hidden.");
    assert!(!gui.sees("Pays 0.40000000"));
    gui.press("Show the amounts of this payment");
    gui.wait_for("Pays 0.40000000 BTC");
}

#[test]
fn a60_another_unit_shows_the_same_amounts() {
    let mut gui = rich();
    gui.harness.state_mut().state().prefs.unit = Unit::Sat;
    gui.harness.run_steps(3);
    assert!(gui.sees("Available 300,000,000 sat"), "{}", gui.tree());
    gui.page("Send");
    gui.type_in("Pay to", &super::paying::address(7));
    gui.type_in("Amount (sat)", "50,000,000");
    gui.press("Review");
    gui.wait_for("Pays 50,000,000 sat");
}
