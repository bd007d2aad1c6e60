//! What a payment costs.

use eframe::egui::{self, Stroke, Ui};

use crate::model::Mempool;
use crate::model::draft::rate_text;
use crate::text::amount;
use crate::text::words::t;
use crate::view::widgets::picture;
use crate::view::{Cx, widgets};

/// Draws it.
pub(super) fn show(ui: &mut Ui, cx: &mut Cx<'_>) {
    ui.heading(t!("Fees"));
    let Some(mempool) = cx.session.mempool.value() else {
        ui.label(t!("The mempool is not known yet."));
        return;
    };
    if !cx.session.mempool.is_fresh() {
        ui.label(t!("This may have changed since."));
    }
    ui.strong(t!("Estimated fee rates"));
    for (blocks, rate) in &mempool.estimates {
        let name =
            if *blocks == 1 { t!("Within 1 block").to_owned() } else { t!("Within {blocks} blocks", blocks) };
        let text = rate.map_or(t!("not enough is known").to_owned(), rate_text);
        widgets::pair(ui, &name, &text);
    }
    widgets::pair(ui, t!("Lowest rate that the mempool takes"), &rate_text(mempool.min_rate));
    ui.add_space(8.0);
    ui.strong(t!("The mempool of this node"));
    size(ui, mempool);
    chart(ui, cx, mempool);
}

/// How full the mempool is.
pub(super) fn size(ui: &mut Ui, mempool: &Mempool) {
    widgets::pair(ui, t!("Transactions"), &amount::grouped(mempool.count));
    widgets::pair(ui, t!("Virtual bytes"), &amount::grouped(mempool.bytes));
    let mb = |bytes: u64| format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000);
    widgets::pair(
        ui,
        t!("Memory"),
        &t!("{used} of {most}", used = mb(mempool.usage), most = mb(mempool.max_usage)),
    );
}

/// The fee of the best part of the mempool, by its size.
fn chart(ui: &mut Ui, cx: &Cx<'_>, mempool: &Mempool) {
    let (Some((size, fee)), true) = (mempool.diagram.last().copied(), mempool.diagram.len() > 1) else {
        ui.label(t!("Nothing waits for a block."));
        return;
    };
    let name = t!(
        "Chart of the mempool: {size} virtual bytes pay {fee} together",
        size = amount::grouped(size),
        fee = cx.bare(fee)
    );
    let wide = egui::vec2(ui.available_width().min(560.0), 180.0);
    picture(ui, &name, wide, |ui, rect| {
        let stroke = Stroke::new(2.0, ui.visuals().text_color());
        ui.painter().rect_stroke(
            rect,
            2.0,
            Stroke::new(1.0, ui.visuals().text_color()),
            egui::StrokeKind::Inside,
        );
        let place = |(x, y): &(u64, u64)| {
            let part = |value: u64, most: u64| (value as f64 / most.max(1) as f64) as f32;
            egui::pos2(
                rect.left() + rect.width() * part(*x, size),
                rect.bottom() - rect.height() * part(*y, fee),
            )
        };
        ui.painter().line(mempool.diagram.iter().map(place).collect(), stroke);
    });
    ui.label(name);
}
