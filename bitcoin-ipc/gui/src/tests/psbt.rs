//! Payments that several sign.

use eframe::egui::{Key, Modifiers};

use super::fake::{FakeWallet, World, lock, script};
use super::paying::address;
use super::{Gui, rich};
use crate::text::amount::{self, Unit};

/// The PSBT that is looked at, in base64.
fn known(gui: &Gui) -> Option<String> {
    let psbt = gui.model().sessions[0].wallet()?.psbt.clone()?;
    Some(data_encoding::BASE64.encode(&psbt.bytes))
}

/// A PSBT of half a bitcoin to Alice.
fn made(gui: &mut Gui) -> String {
    gui.page("Send");
    gui.type_in("Pay to", &address(7));
    gui.type_in("Amount (BTC)", "0.5");
    gui.press("Review");
    gui.wait_for("Review this payment");
    gui.press("As PSBT");
    gui.wait(|gui| known(gui).is_some());
    gui.settle();
    known(gui).expect("a PSBT")
}

#[test]
pub(super) fn a23_a_wallet_without_keys_makes_a_psbt_that_another_one_signs_and_sends() {
    let watching = FakeWallet::with_coins("w");
    watching.no_keys(true);
    let mut gui = Gui::open(&World::new(vec![watching]));
    gui.wait_for("Overview of w");
    gui.settle();
    assert!(gui.sees("This wallet has no private keys"));
    let psbt = made(&mut gui);
    for text in [
        &format!("0.50000000 BTC to {}", address(7)),
        "this wallet's own",
        "not signed",
        "It is not complete.",
    ] {
        assert!(gui.sees(text), "{text} in\n{}", gui.tree());
    }
    assert!(!gui.is_enabled("Sign the PSBT") && !gui.is_enabled("Send its transaction"));

    let mut signer = rich();
    signer.page("Send");
    signer.press("PSBT…");
    signer.type_in("PSBT in base64, or a file", &psbt);
    signer.press("Read it");
    signer.wait_for("It is not complete.");
    signer.settle();
    signer.press("Sign the PSBT");
    signer.wait_for("It is complete, and can be sent.");
    signer.settle();
    signer.press("Send its transaction");
    signer.wait_for("The transaction is sent: ");
    let sent = lock(&signer.world().node.sent).clone();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].output[0].script_pubkey, script(7));
    assert!(!sent[0].input[0].witness.is_empty());
}

#[test]
pub(super) fn a23_a_psbt_is_saved_dropped_and_combined() {
    let mut gui = rich();
    made(&mut gui);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("half.psbt");
    gui.press("Save the PSBT…");
    gui.type_in("File", file.to_str().expect("a text"));
    gui.press("Write");
    gui.wait(|_| file.exists());
    gui.settle();
    assert!(std::fs::read(&file).expect("a file").starts_with(b"psbt\xff"));
    gui.page("Send");
    gui.press("PSBT…");
    gui.type_in("Another PSBT, or a file", file.to_str().expect("a text"));
    gui.press("Combine with it");
    gui.settle();
    assert!(gui.sees("It is not complete."), "{}", gui.tree());
    gui.press("Forget the PSBT");
    gui.wait(|gui| known(gui).is_none());
}

#[test]
pub(super) fn a23_what_is_no_psbt_says_so() {
    let mut gui = rich();
    gui.page("Send");
    gui.press("PSBT…");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("broken");
    std::fs::write(&file, "cHNidP8B!").expect("a file");
    let cut = data_encoding::BASE64.encode(b"psbt\xff\x01\x00\x33");
    for (text, told) in [
        ("nonsense", "This is neither a PSBT in base64 nor a file with one"),
        (file.to_str().expect("a text"), "byte 8 is not of it"),
        (cut.as_str(), "This is not a PSBT"),
    ] {
        gui.type_in("PSBT in base64, or a file", text);
        gui.press("Read it");
        gui.wait_for(told);
        assert!(known(&gui).is_none());
    }
}

#[test]
fn a53_hidden_amounts_are_in_no_psbt() {
    let mut gui = rich();
    made(&mut gui);
    let psbt = gui.model().sessions[0].wallet().and_then(|wallet| wallet.psbt.clone()).expect("a PSBT");
    let mut amounts: Vec<u64> = psbt.outputs.iter().map(|output| output.amount).collect();
    amounts.extend(psbt.inputs.iter().filter_map(|input| input.amount).chain(psbt.fee()));
    assert!(amounts.len() >= 4, "{amounts:?}");
    for unit in Unit::ALL {
        gui.harness.state_mut().state().prefs.unit = unit;
        gui.harness.run_steps(3);
        let plain = |sat: &u64| amount::plain(*sat, unit).split(' ').next().expect("a number").to_owned();
        let there = |gui: &Gui| {
            let (drawn, tree) = (gui.drawn(), gui.tree());
            amounts.iter().map(plain).filter(|text| drawn.contains(text) || tree.contains(text)).count()
        };
        assert_eq!(there(&gui), amounts.len(), "{unit:?}: they are shown\n{}", gui.drawn());
        for _ in 0..2 {
            gui.harness.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::M);
            gui.harness.run_steps(4);
            if gui.sees("Amounts are hidden.") {
                assert_eq!(there(&gui), 0, "{unit:?}:\n{}\n{}", gui.drawn(), gui.tree());
                // What can be done with it is as before.
                assert!(gui.sees("It is not complete.") && gui.is_enabled("Sign the PSBT"));
            } else {
                assert_eq!(there(&gui), amounts.len(), "they are back");
            }
        }
    }
}
