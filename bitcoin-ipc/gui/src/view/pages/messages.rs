//! Messages that are signed, and signatures that are verified.

use bitcoin::Network;
use bitcoin::sign_message::{MessageSignature, signed_msg_hash};
use eframe::egui::{self, Ui};

use crate::engine::WalletCommand;
use crate::text::address;
use crate::text::words::{known, t};
use crate::view::widgets::{area, field};
use crate::view::{Cx, State};

/// Draws it.
pub(super) fn show(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut State) {
    ui.strong(t!("Messages"));
    let can = cx.session.has_wallets();
    let network = cx.session.network;
    let draft = &mut state.of_wallet(cx).message;
    field(ui, t!("Signing address (P2PKH)"), &mut draft.address, None);
    area(ui, t!("Text of the message"), &mut draft.text);
    field(ui, t!("Signature"), &mut draft.signature, None);
    ui.horizontal(|ui| {
        if ui.add_enabled(can, egui::Button::new(t!("Sign"))).clicked() {
            draft.verdict = None;
            cx.wallet_command(WalletCommand::Sign {
                address: draft.address.trim().to_owned(),
                message: draft.text.clone(),
            });
        }
        if ui.button(t!("Verify")).clicked() {
            draft.verdict = Some(verify(&draft.address, &draft.text, &draft.signature, network));
        }
    });
    match &draft.verdict {
        Some(Ok(())) => _ = ui.strong(t!("The signature is right.")),
        Some(Err(why)) => {
            let color = crate::view::theme::fault(ui.visuals().dark_mode);
            ui.colored_label(color, known(why));
        }
        None => {}
    }
}

/// Whether a signature is that of an address and a message.
///
/// # Errors
///
/// It is not; the text says why.
fn verify(address: &str, message: &str, signature: &str, network: Network) -> Result<(), String> {
    let address = address::parse(address, network)?;
    let bytes = data_encoding::BASE64.decode(signature.trim().as_bytes()).unwrap_or_default();
    let signature = MessageSignature::from_slice(&bytes)
        .map_err(|_| t!("The signature is not one of a message.").to_owned())?;
    let secp = bitcoin::secp256k1::Secp256k1::verification_only();
    match signature.is_signed_by_address(&secp, &address, signed_msg_hash(message)) {
        Ok(true) => Ok(()),
        Ok(false) => Err(t!("The signature is of another message or another address.").to_owned()),
        Err(_) => Err(t!("Signatures are verified for P2PKH addresses alone.").to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a24_signatures_are_verified_as_in_bitcoin_core() {
        // Bitcoin Core's test of verifymessage.
        let address = "15CRxFdyRpGZLW9w8HnHvVduizdL5jKNbs";
        let right =
            "IPojfrX2dfPnH26UegfbGQQLrdK844DlHq5157/P6h57WyuS/Qsl+h/WSVGDF4MUi4rWSswW38oimDYfNNUBUOk=";
        let main = Network::Bitcoin;
        assert_eq!(verify(address, "Trust no one", right, main), Ok(()));
        assert!(verify(address, "Trust everyone", right, main).is_err());
        assert!(verify(address, "Trust no one", "nonsense", main).is_err());
        let segwit = "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq";
        assert!(verify(segwit, "Trust no one", right, main).is_err());
    }
}
