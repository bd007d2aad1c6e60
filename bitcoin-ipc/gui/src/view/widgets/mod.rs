//! What pages are made of.
//!
//! In: texts and values. Out: what is drawn, with a name for whoever cannot see it.

pub(crate) mod diagram;
pub(crate) mod qr;
pub(crate) mod secret;

use eframe::egui::accesskit::Live;
use eframe::egui::{
    self, Align2, Response, Role, Sense, TextEdit, TextStyle, TextWrapMode, Ui, WidgetInfo, WidgetText,
};

use super::theme;
use crate::text::words::{known, t};

/// Brings what has got the focus into sight. This stands at the end of what is scrolled.
pub(crate) fn follow_focus(ui: &mut Ui) {
    let focused = ui.memory(|memory| memory.focused());
    let followed = ui.scope_id().with("followed");
    let before = ui.data_mut(|known| std::mem::replace(known.get_temp_mut_or_default(followed), focused));
    if let Some(id) = focused.filter(|_| focused != before)
        && let Some(response) = ui.ctx().read_response(id)
        && ui.min_rect().contains_rect(response.rect)
    {
        ui.scroll_to_rect(response.rect, None);
    }
}

/// Something that has to be read at once.
pub(crate) fn alert(ui: &mut Ui, text: &str) {
    let text = &*known(text);
    let (ground, ink) = theme::banner(ui.visuals().dark_mode);
    let frame = egui::Frame::new().fill(ground).inner_margin(8.0).corner_radius(4.0);
    let shown = frame.show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        ui.add(egui::Label::new(egui::RichText::new(text).color(ink)).wrap())
    });
    ui.ctx().accesskit_node_builder(shown.inner.id, |node| {
        node.set_role(Role::Alert);
        node.set_label(text);
        node.set_live(Live::Assertive);
    });
    ui.add_space(4.0);
}

/// A field with its name before it, and what is wrong with it below.
pub(crate) fn field(ui: &mut Ui, name: &str, text: &mut String, fault: Option<&str>) -> Response {
    named(ui, name, fault, |ui| ui.add(TextEdit::singleline(text).desired_width(420.0)))
}

/// A field of several lines.
pub(crate) fn area(ui: &mut Ui, name: &str, text: &mut String) -> Response {
    named(ui, name, None, |ui| ui.add(TextEdit::multiline(text).desired_width(420.0).desired_rows(3)))
}

/// A field of any kind with its name before it, and what is wrong with it below.
pub(crate) fn named(
    ui: &mut Ui,
    name: &str,
    fault: Option<&str>,
    add: impl FnOnce(&mut Ui) -> Response,
) -> Response {
    let label = ui.label(name);
    let response = add(ui).labelled_by(label.id);
    if let Some(fault) = fault {
        let color = theme::fault(ui.visuals().dark_mode);
        let told = ui.colored_label(color, known(fault));
        ui.ctx().accesskit_node_builder(response.id, |node| {
            node.set_invalid(egui::accesskit::Invalid::True);
            node.push_described_by(told.id.accesskit_id());
        });
    }
    response
}

/// A name and a value in a line.
pub(crate) fn pair(ui: &mut Ui, name: &str, value: &str) {
    ui.horizontal_wrapped(|ui| {
        ui.label(format!("{name}:"));
        ui.add(egui::Label::new(egui::RichText::new(value).monospace()).wrap());
    });
}

/// A button that copies a text.
pub(crate) fn copy(ui: &mut Ui, name: &str, text: &str) {
    if ui.button(name).clicked() {
        ui.ctx().copy_text(text.to_owned());
    }
}

/// How many things of a list are drawn before more are wanted.
pub(crate) const SOME: usize = 100;

/// The first things of a list, each drawn by `add`, and a button that shows as many again: what a frame takes does not
/// depend on how many there are.
pub(crate) fn some<T>(ui: &mut Ui, name: &str, things: &[T], mut add: impl FnMut(&mut Ui, &T)) {
    let id = ui.make_persistent_id(("some", name));
    let shown = ui.data(|known| known.get_temp(id)).unwrap_or(SOME);
    for thing in things.iter().take(shown) {
        add(ui, thing);
    }
    let more = things.len().saturating_sub(shown).min(shown);
    if more > 0 && ui.button(t!("Show {count} more", count = more)).clicked() {
        ui.data_mut(|known| known.insert_temp(id, shown + more));
    }
}

/// The height of a row.
pub(crate) const ROW: f32 = 24.0;

/// A cell of a row: which part of the width it has, its text, and whether that stands on the right.
pub(crate) struct Cell<'a> {
    /// Of the width, from 0 to 1. One that has none is not drawn.
    pub(crate) part: f32,
    /// The text.
    pub(crate) text: &'a str,
    /// Whether it stands on the right.
    pub(crate) right: bool,
}

/// A row of a table, which can be clicked. Its name is all that it says.
pub(crate) fn row(ui: &mut Ui, name: &str, index: usize, cells: &[Cell<'_>]) -> Response {
    let size = egui::vec2(ui.available_width(), ROW);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Row, ui.is_enabled(), name));
    ui.ctx().accesskit_node_builder(response.id, |node| node.set_row_index(index));
    let mut whole = true;
    if ui.is_rect_visible(rect) {
        let visuals = ui.style().interact(&response);
        if response.hovered() || response.has_focus() {
            ui.painter().rect(rect, 2.0, visuals.weak_bg_fill, visuals.bg_stroke, egui::StrokeKind::Inside);
        }
        let color = ui.visuals().text_color();
        let mut left = rect.left() + 4.0;
        for cell in cells {
            let width = (rect.width() - 8.0) * cell.part;
            if width <= 0.0 {
                whole = false;
                continue;
            }
            let text = WidgetText::from(cell.text);
            let galley =
                text.into_galley(ui, Some(TextWrapMode::Truncate), (width - 8.0).max(0.0), TextStyle::Body);
            whole &= !galley.elided;
            let (x, align) = if cell.right {
                (left + width - 8.0, Align2::RIGHT_CENTER)
            } else {
                (left, Align2::LEFT_CENTER)
            };
            let place = align.anchor_size(egui::pos2(x, rect.center().y), galley.size());
            ui.painter().galley(place.min, galley, color);
            left += width;
        }
    }
    if whole { response } else { response.on_hover_text(name) }
}

/// The table's names of its columns.
pub(crate) fn head(ui: &mut Ui, cells: &[Cell<'_>]) {
    let size = egui::vec2(ui.available_width(), ROW);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let names: Vec<&str> = cells.iter().map(|cell| cell.text).collect();
    response.widget_info(|| WidgetInfo::labeled(Role::RowHeader, true, names.join(", ")));
    let mut left = rect.left() + 4.0;
    for cell in cells {
        let width = (rect.width() - 8.0) * cell.part;
        if width <= 0.0 {
            continue;
        }
        let (x, align) =
            if cell.right { (left + width - 8.0, Align2::RIGHT_CENTER) } else { (left, Align2::LEFT_CENTER) };
        let font = TextStyle::Small.resolve(ui.style());
        ui.painter().text(egui::pos2(x, rect.center().y), align, cell.text, font, ui.visuals().text_color());
        left += width;
    }
}

/// A picture with a name, of this size.
pub(crate) fn picture(
    ui: &mut Ui,
    name: &str,
    size: egui::Vec2,
    draw: impl FnOnce(&Ui, egui::Rect),
) -> Response {
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, name));
    if ui.is_rect_visible(rect) {
        draw(ui, rect);
    }
    response
}
