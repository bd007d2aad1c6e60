//! The picture of a transaction.
//!
//! In: what comes in and what goes out. Out: lines from the left to the right, the thicker the more.

use eframe::egui::{self, Color32, Pos2, Shape, Stroke, Ui};

use super::picture;

/// What goes out on the right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// To somebody.
    Payment,
    /// Back to the wallet.
    Change,
    /// To the miners.
    Fee,
}

/// Draws a transaction. The name says all that is in the picture.
pub(crate) fn show(ui: &mut Ui, name: &str, inputs: &[u64], outputs: &[(Kind, u64)]) {
    let lines = inputs.len().max(outputs.len()).clamp(2, 12) as f32;
    let size = egui::vec2(ui.available_width().min(560.0), 26.0 * lines);
    picture(ui, name, size, |ui, rect| {
        let most =
            inputs.iter().chain(outputs.iter().map(|(_, amount)| amount)).max().copied().unwrap_or(1).max(1);
        let thick = |amount: u64| 2.0 + 10.0 * (amount as f64 / most as f64) as f32;
        let place = |count: usize, index: usize| {
            rect.top() + rect.height() * (index as f32 + 0.5) / count.max(1) as f32
        };
        let middle = rect.center();
        let dark = ui.visuals().dark_mode;
        let plain = if dark { Color32::from_gray(150) } else { Color32::from_gray(110) };
        for (index, amount) in inputs.iter().enumerate() {
            let from = egui::pos2(rect.left(), place(inputs.len(), index));
            ui.painter().add(curve(from, middle, thick(*amount), plain));
        }
        for (index, (kind, amount)) in outputs.iter().enumerate() {
            let color = match (kind, dark) {
                (Kind::Payment, true) => Color32::from_rgb(110, 180, 255),
                (Kind::Payment, false) => Color32::from_rgb(20, 90, 180),
                (Kind::Change, _) => plain,
                (Kind::Fee, true) => Color32::from_rgb(255, 170, 90),
                (Kind::Fee, false) => Color32::from_rgb(180, 90, 0),
            };
            let to = egui::pos2(rect.right(), place(outputs.len(), index));
            ui.painter().add(curve(middle, to, thick(*amount), color));
        }
        ui.painter().circle_filled(middle, 7.0, ui.visuals().text_color());
    });
}

fn curve(from: Pos2, to: Pos2, width: f32, color: Color32) -> Shape {
    let half = (to.x - from.x) / 2.0;
    let points = [from, from + egui::vec2(half, 0.0), to - egui::vec2(half, 0.0), to];
    egui::epaint::CubicBezierShape::from_points_stroke(
        points,
        false,
        Color32::TRANSPARENT,
        Stroke::new(width, color),
    )
    .into()
}
