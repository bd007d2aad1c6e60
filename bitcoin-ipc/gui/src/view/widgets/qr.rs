//! QR codes.
//!
//! In: a text. Out: its picture, black on white whatever the colours are.

use eframe::egui::{self, Color32, Ui};
use qrcode::{Color, EcLevel, QrCode};

use super::picture;
use crate::text::words::t;

/// Draws a code, or says that the text is too long for one.
pub(crate) fn show(ui: &mut Ui, name: &str, text: &str) {
    let Ok(code) = QrCode::with_error_correction_level(text.as_bytes(), EcLevel::M) else {
        ui.label(t!("This is too long for a QR code."));
        return;
    };
    let dots = code.width();
    // Four dots around it, as the standard asks for; each of whole pixels.
    let side = (dots + 8) as f32;
    let dot = (240.0 / side).floor().max(2.0);
    picture(ui, name, egui::Vec2::splat(side * dot), |ui, rect| {
        let painter = ui.painter();
        painter.rect_filled(rect, 0.0, Color32::WHITE);
        let colors = code.to_colors();
        for (row, line) in colors.chunks(dots).enumerate() {
            for (column, _) in line.iter().enumerate().filter(|(_, color)| **color == Color::Dark) {
                let place = rect.min + egui::vec2((column + 4) as f32, (row + 4) as f32) * dot;
                painter.rect_filled(
                    egui::Rect::from_min_size(place, egui::Vec2::splat(dot)),
                    0.0,
                    Color32::BLACK,
                );
            }
        }
    });
}
