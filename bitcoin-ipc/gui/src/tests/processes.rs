//! The node and the wallet process live and die beside the window.

use super::Gui;
use super::fake::{FakeWallet, World};

#[test]
fn a38_the_end_of_the_wallet_process_is_noticed_without_a_call() {
    let world = World::new(vec![FakeWallet::with_coins("w")]);
    let mut gui = Gui::open(&world);
    gui.wait_for("Overview of w");
    gui.settle();
    let calls = world.node.gate.total();
    world.kill_wallets();
    gui.wait_for("The wallet process has ended. The node starts it again.");
    assert_eq!(world.node.gate.total(), calls, "nobody asked");
    world.start_wallets();
    gui.wait(|gui| !gui.sees("The node starts it again.") && gui.sees("Available 3.00000000 BTC"));
}
