//! A field for what nobody may see.
//!
//! In: keys. Out: a [`Secret`]. The toolkit gets bullets to draw, to undo, to copy and to tell a screen reader; the
//! text lies beside them and is wiped.

use std::any::TypeId;
use std::ops::Range;

use bitcoin_ipc::types::Secret;
use eframe::egui::text::CharIndex;
use eframe::egui::{Response, TextBuffer, TextEdit, Ui};
use zeroize::{Zeroize, Zeroizing};

use super::named;

/// The most bytes of a secret. The room is there from the start, so that no copy is left behind when it grows.
const ROOM: usize = 4_096;

const BULLET: &str = "•";

/// A text that is typed and not shown.
pub(crate) struct SecretText {
    text: Zeroizing<String>,
    bullets: String,
}

impl Default for SecretText {
    fn default() -> Self {
        SecretText { text: Zeroizing::new(String::with_capacity(ROOM)), bullets: String::new() }
    }
}

impl SecretText {
    /// The secret, which is taken out of the field.
    pub(crate) fn take_secret(&mut self) -> Secret {
        let secret = Secret::new(self.text.as_bytes());
        self.wipe();
        secret
    }

    /// Whether nothing is typed.
    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Whether the same is typed in another field.
    pub(crate) fn is_same(&self, other: &SecretText) -> bool {
        *self.text == *other.text
    }

    /// The text itself, for whoever has to know what kind of text it is.
    pub(crate) fn peek(&self) -> &str {
        &self.text
    }

    /// Takes another text.
    pub(crate) fn set(&mut self, text: &str) {
        self.wipe();
        self.insert_text(text, CharIndex(0));
    }

    /// Forgets everything.
    pub(crate) fn wipe(&mut self) {
        self.text.zeroize();
        self.bullets.clear();
    }

    fn byte(&self, index: CharIndex) -> usize {
        self.text.char_indices().nth(index.0).map_or(self.text.len(), |(place, _)| place)
    }
}

impl TextBuffer for SecretText {
    fn is_mutable(&self) -> bool {
        true
    }

    fn as_str(&self) -> &str {
        &self.bullets
    }

    fn insert_text(&mut self, text: &str, index: CharIndex) -> usize {
        let place = self.byte(index);
        let room = ROOM.saturating_sub(self.text.len());
        let fits = text.char_indices().map(|(start, c)| start + c.len_utf8()).take_while(|end| *end <= room);
        let text = &text[..fits.last().unwrap_or_default()];
        self.text.insert_str(place, text);
        let count = text.chars().count();
        self.bullets.push_str(&BULLET.repeat(count));
        count
    }

    fn delete_char_range(&mut self, range: Range<CharIndex>) {
        let (start, end) = (self.byte(range.start), self.byte(range.end));
        let mut rest = Zeroizing::new(String::with_capacity(ROOM));
        rest.push_str(&self.text[..start]);
        rest.push_str(&self.text[end..]);
        // The old one is wiped.
        self.text = rest;
        self.bullets = BULLET.repeat(self.text.chars().count());
    }

    fn type_id(&self) -> TypeId {
        TypeId::of::<Self>()
    }
}

/// A field for a passphrase.
pub(crate) fn field(ui: &mut Ui, name: &str, text: &mut SecretText, fault: Option<&str>) -> Response {
    named(ui, name, fault, |ui| ui.add(TextEdit::singleline(text).password(true).desired_width(300.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_toolkit_gets_bullets() {
        let mut text = SecretText::default();
        assert_eq!(text.insert_text("pä", CharIndex(0)), 2);
        assert_eq!(text.insert_text("ss", CharIndex(1)), 2);
        assert_eq!((text.as_str(), text.peek()), ("••••", "pssä"));
        text.delete_char_range(CharIndex(1)..CharIndex(3));
        assert_eq!((text.as_str(), text.peek()), ("••", "pä"));
        assert_eq!(TextBuffer::take(&mut text), "••");
        assert!(text.is_empty());
        text.set("again");
        assert_eq!(text.take_secret().expose(), b"again");
        assert!(text.is_empty() && text.as_str().is_empty());
        let long = "x".repeat(ROOM + 5);
        assert_eq!(text.insert_text(&long, CharIndex(0)), ROOM);
        assert_eq!(text.insert_text("y", CharIndex(0)), 0);
    }
}
