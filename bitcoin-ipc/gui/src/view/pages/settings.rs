//! What is to the user's taste, and the settings of the node.

use eframe::egui::{Button, Checkbox, ComboBox, Slider, TextEdit, TextStyle, Ui};

use crate::engine::Command;
use crate::model::prefs::{Theme, ZOOMS};
use crate::model::settings::KNOWN;
use crate::text::amount::Unit;
use crate::text::words::{Language, t, tr};
use crate::view::dialogs::Dialog;
use crate::view::widgets::named;
use crate::view::{Cx, State};

/// Draws it.
pub(super) fn show(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut State) {
    ui.heading(t!("Settings"));
    ui.strong(t!("This window"));
    let prefs = &mut state.prefs;
    ComboBox::new("Unit", t!("Unit of amounts")).selected_text(prefs.unit.name()).show_ui(ui, |ui| {
        for unit in Unit::ALL {
            ui.selectable_value(&mut prefs.unit, unit, unit.name());
        }
    });
    ComboBox::new("Colours", t!("Colours")).selected_text(tr(prefs.theme.name())).show_ui(ui, |ui| {
        for theme in Theme::ALL {
            ui.selectable_value(&mut prefs.theme, theme, tr(theme.name()));
        }
    });
    language(ui, &mut prefs.language);
    ui.add(Slider::new(&mut prefs.zoom, ZOOMS).step_by(10.0).suffix(" %").text(t!("Size of everything")));
    ui.checkbox(&mut prefs.hide_amounts, t!("Hide amounts everywhere (Ctrl+Shift+M)"));
    ui.checkbox(
        &mut prefs.notices,
        t!("Have the desktop tell of payments and troubles while this window is not in front"),
    );
    ui.checkbox(&mut prefs.tray, t!("Show an icon in the desktop's tray"));
    let stays = Checkbox::new(&mut prefs.stays, t!("A closed window stays in the tray, if there is one"));
    ui.add_enabled(prefs.tray, stays);
    ui.label(t!(
        "Alt+1 to Alt+9 and Alt+0 lead to the pages, Ctrl+plus and Ctrl+minus change the size of everything."
    ));
    ui.add_space(8.0);
    ui.strong(t!("The node"));
    node(ui, cx, state);
}

/// The language. One whose letters nobody has is called by its English name.
fn language(ui: &mut Ui, chosen: &mut Language) {
    let name = |ui: &Ui, language: Language| {
        let font = TextStyle::Body.resolve(ui.style());
        let drawn = ui.ctx().fonts_mut(|fonts| fonts.has_glyphs(&font, language.name()));
        match language {
            Language::Japanese if !drawn => t!("Japanese"),
            Language::Chinese if !drawn => t!("Chinese"),
            other => other.name(),
        }
    };
    let now = name(ui, *chosen);
    ComboBox::new("Language", t!("Language")).selected_text(now).show_ui(ui, |ui| {
        for language in Language::ALL {
            let name = name(ui, language);
            ui.selectable_value(chosen, language, name);
        }
    });
}

/// The settings of the node's file.
fn node(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut State) {
    ui.label(t!(
        "They count after the next start of the node. It has no peers: there is nothing to set of networks."
    ));
    let Some(settings) = cx.session.settings.value() else {
        ui.label(t!("They are not known yet."));
        return;
    };
    let can = cx.session.takes_settings();
    for (known, setting) in KNOWN.iter().zip(settings) {
        ui.push_id(known.name, |ui| {
            let kept = setting.value.clone().unwrap_or_default();
            if setting.overridden && kept.is_empty() {
                ui.label(t!(
                    "{title}: set by the command line, which counts. The file has nothing of it.",
                    title = tr(known.title)
                ));
                return;
            }
            if setting.overridden {
                ui.label(t!(
                    "{title}: set by the command line, which counts. The file has: {kept}",
                    title = tr(known.title),
                    kept
                ));
                return;
            }
            // What nobody has changed is what the file has, whatever that had before.
            let mut text = state.settings.remove(known.name).unwrap_or_else(|| kept.clone());
            named(ui, tr(known.title), None, |ui| {
                ui.add(
                    TextEdit::singleline(&mut text)
                        .desired_width(420.0)
                        .hint_text(t!("usually {value}", value = tr(known.usual))),
                )
            });
            ui.horizontal(|ui| {
                let changed = text != kept;
                if ui.add_enabled(can && changed, Button::new(t!("Keep {name}", name = known.name))).clicked()
                {
                    text = text.trim().to_owned();
                    let value = Some(text.clone()).filter(|text| !text.is_empty());
                    cx.command(Command::Set(known.name, value));
                }
                if changed && ui.button(t!("Undo {name}", name = known.name)).clicked() {
                    text.clone_from(&kept);
                }
            });
            if text != kept {
                state.settings.insert(known.name, text);
            }
        });
    }
    if ui.add_enabled(can, Button::new(t!("Reset the node's settings…"))).clicked() {
        state.settings.clear();
        state.dialog = Some(Dialog::ResetSettings);
    }
}
