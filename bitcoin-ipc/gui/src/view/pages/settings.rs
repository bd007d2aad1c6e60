//! What is to the user's taste.

use eframe::egui::{ComboBox, Slider, Ui};

use crate::model::prefs::{Theme, ZOOMS};
use crate::text::amount::Unit;
use crate::view::{Cx, State};

/// Draws it.
pub(super) fn show(ui: &mut Ui, _: &mut Cx<'_>, state: &mut State) {
    ui.heading("Settings");
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
    ui.add_space(8.0);
    ui.label("Alt+1 to Alt+9 lead to the pages, Ctrl+plus and Ctrl+minus change the size of everything.");
}
