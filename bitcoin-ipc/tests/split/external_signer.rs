//! ExternalSigner: objects in a list.

use bitcoin_ipc::interfaces::ExternalSigner;

use crate::ends::Ends;

pub(crate) fn signers_come_in_a_list(ends: &Ends) {
    let node = ends.node();
    for names in [&[][..], &["ledger"], &["ledger", "trezor", ""]] {
        let signer = |name: &&str| Box::new(ends.peer.named(name)) as Box<dyn ExternalSigner>;
        let signers: Vec<_> = names.iter().map(signer).collect();
        ends.peer.script.expect("list_external_signers", "()".into(), signers);
        let signers = node.list_external_signers().expect("signers");
        let found: Vec<_> = signers.iter().map(|signer| signer.get_name().expect("a name")).collect();
        assert_eq!(found, names);
    }
}
