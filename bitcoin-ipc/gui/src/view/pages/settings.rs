//! What is to the user's taste, and the settings of the node.

use eframe::egui::{Button, ComboBox, Slider, TextEdit, Ui};

use crate::engine::Command;
use crate::model::prefs::{Theme, ZOOMS};
use crate::model::settings::KNOWN;
use crate::text::amount::Unit;
use crate::view::dialogs::Dialog;
use crate::view::widgets::named;
use crate::view::{Cx, State};

/// Draws it.
pub(super) fn show(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut State) {
    ui.heading("Settings");
    ui.strong("This window");
    let prefs = &mut state.prefs;
    ComboBox::new("Unit", "Unit of amounts").selected_text(prefs.unit.name()).show_ui(ui, |ui| {
        for unit in Unit::ALL {
            ui.selectable_value(&mut prefs.unit, unit, unit.name());
        }
    });
    ComboBox::new("Colours", "Colours").selected_text(prefs.theme.name()).show_ui(ui, |ui| {
        for theme in Theme::ALL {
            ui.selectable_value(&mut prefs.theme, theme, theme.name());
        }
    });
    ui.add(Slider::new(&mut prefs.zoom, ZOOMS).step_by(10.0).suffix(" %").text("Size of everything"));
    ui.checkbox(&mut prefs.hide_amounts, "Hide amounts everywhere (Ctrl+Shift+M)");
    ui.label(
        "Alt+1 to Alt+9 and Alt+0 lead to the pages, Ctrl+plus and Ctrl+minus change the size of everything.",
    );
    ui.add_space(8.0);
    ui.strong("The node");
    node(ui, cx, state);
}

/// The settings of the node's file.
fn node(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut State) {
    ui.label(
        "They count after the next start of the node. It has no peers: there is nothing to set of networks.",
    );
    let Some(settings) = cx.session.settings.value() else {
        ui.label("They are not known yet.");
        return;
    };
    let can = cx.session.is_up();
    for (known, setting) in KNOWN.iter().zip(settings) {
        ui.push_id(known.name, |ui| {
            let kept = setting.value.clone().unwrap_or_default();
            if setting.overridden {
                ui.label(format!(
                    "{}: set by the command line, which counts. The file has: {kept}",
                    known.title
                ));
                return;
            }
            let text = state.settings.entry(known.name).or_insert_with(|| kept.clone());
            named(ui, known.title, None, |ui| {
                ui.add(
                    TextEdit::singleline(text)
                        .desired_width(200.0)
                        .hint_text(format!("usually {}", known.usual)),
                )
            });
            ui.horizontal(|ui| {
                let changed = *text != kept;
                if ui.add_enabled(can && changed, Button::new(format!("Keep {}", known.name))).clicked() {
                    let value = Some(text.trim().to_owned()).filter(|text| !text.is_empty());
                    cx.command(Command::Set(known.name, value));
                }
                if changed && ui.button(format!("Undo {}", known.name)).clicked() {
                    text.clone_from(&kept);
                }
            });
        });
    }
    if ui.add_enabled(can, Button::new("Reset the node's settings…")).clicked() {
        state.settings.clear();
        state.dialog = Some(Dialog::ResetSettings);
    }
}
