//! The icon in the desktop's tray.
//!
//! In: what the user likes. Out: an icon (`org.kde.StatusNotifierItem`) with a menu, and what is chosen there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;

use ksni::blocking::{Handle, TrayMethods as _};
use ksni::menu::StandardItem;
use ksni::{Category, MenuItem, OfflineReason, ToolTip, Tray};

use crate::model::Page;
use crate::model::prefs::Prefs;
use crate::model::wish::Wish;
use crate::text::words::{Language, speak, t};

/// The icon.
#[derive(Clone)]
pub(crate) struct Icon {
    /// The title of the window.
    pub(crate) title: String,
    /// The colour of the network: red, green, blue.
    pub(crate) color: [u8; 3],
    /// Whether it is shown.
    pub(crate) there: Arc<AtomicBool>,
    /// Takes what is wanted.
    pub(crate) wish: Arc<dyn Fn(Wish) + Send + Sync>,
    /// The language of its menu.
    pub(crate) language: Language,
}

/// Shows the icon while the user likes that, until there is nobody who may like something else.
pub(super) fn follow(icon: Icon, liked: &Receiver<Prefs>) {
    let mut shown: Option<Handle<Icon>> = None;
    let mut tried = false;
    while let Ok(prefs) = liked.recv() {
        if !prefs.tray {
            tried = false;
            icon.there.store(false, Ordering::Relaxed);
            if let Some(handle) = shown.take() {
                handle.shutdown().wait();
            }
            continue;
        }
        match &shown {
            Some(handle) => _ = handle.update(|icon| icon.language = prefs.language),
            // It is tried once, and again when the user has switched it off and on.
            None if tried => {}
            None => {
                tried = true;
                let new = Icon { language: prefs.language, ..icon.clone() };
                match new.spawn() {
                    Ok(handle) => {
                        icon.there.store(true, Ordering::Relaxed);
                        shown = Some(handle);
                    }
                    Err(error) => tracing::info!(target: "gui", "There is no icon in the tray: {error}"),
                }
            }
        }
    }
    if let Some(handle) = shown {
        handle.shutdown().wait();
    }
}

impl Icon {
    fn item(&self, label: &str, wish: Wish) -> MenuItem<Icon> {
        let activate = Box::new(move |icon: &mut Icon| (icon.wish)(wish));
        StandardItem { label: label.to_owned(), activate, ..StandardItem::default() }.into()
    }
}

impl Tray for Icon {
    fn id(&self) -> String {
        "bitcoin-gui".to_owned()
    }

    fn category(&self) -> Category {
        Category::ApplicationStatus
    }

    fn title(&self) -> String {
        self.title.clone()
    }

    fn tool_tip(&self) -> ToolTip {
        ToolTip { title: self.title.clone(), ..ToolTip::default() }
    }

    fn icon_pixmap(&self) -> Vec<ksni::Icon> {
        [22, 44].map(|size| ksni::Icon { width: size, height: size, data: disc(size, self.color) }).into()
    }

    fn activate(&mut self, _x: i32, _y: i32) {
        (self.wish)(Wish::Show);
    }

    fn menu(&self) -> Vec<MenuItem<Icon>> {
        speak(self.language);
        vec![
            self.item(t!("Show the window"), Wish::Show),
            self.item(t!("Send"), Wish::Page(Page::Send)),
            self.item(t!("Receive"), Wish::Page(Page::Receive)),
            MenuItem::Separator,
            self.item(t!("Close"), Wish::Close),
        ]
    }

    fn watcher_online(&self) {
        self.there.store(true, Ordering::Relaxed);
    }

    fn watcher_offline(&self, _: OfflineReason) -> bool {
        self.there.store(false, Ordering::Relaxed);
        // A window that is in no tray any more could not be found.
        (self.wish)(Wish::Return);
        true
    }
}

/// A disc with a stroke through it: alpha, red, green and blue of each pixel.
fn disc(size: i32, [red, green, blue]: [u8; 3]) -> Vec<u8> {
    let middle = f64::from(size) / 2.0;
    let pixel = |x: i32, y: i32| {
        let (dx, dy) = (f64::from(x) + 0.5 - middle, f64::from(y) + 0.5 - middle);
        // Its edge is a pixel wide.
        let inside = (middle - dx.hypot(dy)).clamp(0.0, 1.0);
        let stroke = dx.abs() < middle / 6.0 && dy.abs() < middle * 0.6;
        let [red, green, blue] = if stroke { [255; 3] } else { [red, green, blue] };
        [(inside * 255.0).round() as u8, red, green, blue]
    };
    (0..size).flat_map(|y| (0..size).flat_map(move |x| pixel(x, y))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_icon_is_a_disc_with_nothing_around_it() {
        let data = disc(22, [1, 2, 3]);
        assert_eq!(data.len(), 22 * 22 * 4);
        assert_eq!(data[0], 0, "the corner");
        let at = |x: usize, y: usize| &data[(y * 22 + x) * 4..][..4];
        assert_eq!(at(5, 11), [255, 1, 2, 3]);
        assert_eq!(at(11, 11), [255, 255, 255, 255]);
    }
}
