//! Colours and sizes.
//!
//! In: what is to the user's taste. Out: how egui draws.

use eframe::egui::{self, Color32, Context, Theme as Base, ThemePreference};

use crate::model::prefs::{Prefs, Theme};

/// Has everything look as the user likes it.
pub(super) fn apply(ctx: &Context, prefs: &Prefs) {
    let theme = match prefs.theme {
        Theme::System => ThemePreference::System,
        Theme::Light => ThemePreference::Light,
        Theme::Dark | Theme::Contrast => ThemePreference::Dark,
    };
    if ctx.options(|options| options.theme_preference) != theme {
        ctx.set_theme(theme);
    }
    let contrast = prefs.theme == Theme::Contrast;
    let id = egui::Id::unique("high contrast");
    if ctx.data(|known| known.get_temp::<bool>(id)).unwrap_or_default() != contrast {
        ctx.data_mut(|known| known.insert_temp(id, contrast));
        ctx.style_mut_of(Base::Dark, |style| dark(style, contrast));
    }
    let zoom = f32::from(prefs.zoom) / 100.0;
    if (ctx.zoom_factor() - zoom).abs() > 0.001 {
        ctx.set_zoom_factor(zoom);
    }
}

/// Light on dark, or white on black.
fn dark(style: &mut egui::Style, contrast: bool) {
    let visuals = egui::Visuals::dark();
    let (ground, ink) = if contrast {
        (Color32::BLACK, Color32::WHITE)
    } else {
        (visuals.panel_fill, Color32::from_gray(230))
    };
    style.visuals = visuals;
    style.visuals.override_text_color = Some(ink);
    style.visuals.panel_fill = ground;
    let edge = if contrast { Color32::WHITE } else { Color32::from_gray(128) };
    style.visuals.widgets.inactive.bg_stroke = egui::Stroke::new(1.0, edge);
    if contrast {
        style.visuals.window_fill = ground;
        style.visuals.extreme_bg_color = ground;
        style.visuals.faint_bg_color = ground;
        style.visuals.widgets.inactive.weak_bg_fill = ground;
        // The rail of a slider has no edge.
        style.visuals.widgets.inactive.bg_fill = Color32::from_gray(70);
        style.visuals.widgets.hovered.weak_bg_fill = Color32::from_rgb(0, 0, 110);
        style.visuals.widgets.active.weak_bg_fill = Color32::from_rgb(0, 0, 110);
        style.visuals.widgets.hovered.bg_stroke = egui::Stroke::new(2.0, Color32::YELLOW);
        style.visuals.widgets.active.bg_stroke = egui::Stroke::new(2.0, Color32::YELLOW);
        style.visuals.selection.bg_fill = Color32::from_rgb(0, 0, 160);
        style.visuals.selection.stroke = egui::Stroke::new(2.0, Color32::YELLOW);
    }
}

/// What is set once: sizes of what is clicked, and text that can be read.
pub(crate) fn prepare(ctx: &Context) {
    ctx.options_mut(|options| options.zoom_with_keyboard = false);
    for base in [Base::Light, Base::Dark] {
        ctx.style_mut_of(base, |style| {
            style.spacing.item_spacing = egui::vec2(8.0, 6.0);
            style.spacing.button_padding = egui::vec2(8.0, 4.0);
            style.spacing.interact_size.y = 24.0;
            // A field is seen before it is used.
            style.visuals.widgets.inactive.bg_stroke = egui::Stroke::new(1.0, Color32::from_gray(128));
            // The usual grey of text is too pale.
            style.visuals.override_text_color = Some(match base {
                Base::Light => Color32::from_gray(20),
                Base::Dark => Color32::from_gray(230),
            });
        });
    }
}

/// The colours of a banner: its ground, and the text on it.
pub(crate) fn banner(dark: bool) -> (Color32, Color32) {
    match dark {
        true => (Color32::from_rgb(90, 60, 0), Color32::from_rgb(255, 236, 200)),
        false => (Color32::from_rgb(255, 236, 200), Color32::from_rgb(70, 40, 0)),
    }
}

/// The colour of what is wrong.
pub(crate) fn fault(dark: bool) -> Color32 {
    if dark { Color32::from_rgb(255, 150, 140) } else { Color32::from_rgb(160, 20, 10) }
}

/// The colour of a network, in which its name is shown.
pub(crate) fn network(network: bitcoin::Network, dark: bool) -> Color32 {
    use bitcoin::Network;
    match (network, dark) {
        (Network::Bitcoin, true) => Color32::from_rgb(247, 170, 70),
        (Network::Bitcoin, false) => Color32::from_rgb(150, 80, 0),
        (Network::Signet, true) => Color32::from_rgb(190, 220, 60),
        (Network::Signet, false) => Color32::from_rgb(85, 100, 0),
        (Network::Regtest, true) => Color32::from_rgb(130, 190, 255),
        (Network::Regtest, false) => Color32::from_rgb(20, 80, 160),
        (_, true) => Color32::from_rgb(120, 220, 140),
        (_, false) => Color32::from_rgb(0, 105, 40),
    }
}
