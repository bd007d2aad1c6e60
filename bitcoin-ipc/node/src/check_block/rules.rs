//! From which block on a rule holds.
//!
//! In: a network. Out: heights, as in Bitcoin Core's `kernel/chainparams.cpp`.

use bitcoin::Network;
use bitcoinkernel::{
    ScriptVerificationFlags, VERIFY_CHECKLOCKTIMEVERIFY, VERIFY_CHECKSEQUENCEVERIFY, VERIFY_DERSIG,
    VERIFY_NULLDUMMY, VERIFY_P2SH, VERIFY_TAPROOT, VERIFY_WITNESS,
};

/// The first height at which each rule holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Activation {
    /// BIP 34: the coinbase begins with the height.
    pub(super) bip34: u32,
    /// BIP 65: `OP_CHECKLOCKTIMEVERIFY`.
    pub(super) bip65: u32,
    /// BIP 66: signatures in DER.
    pub(super) bip66: u32,
    /// BIPs 68, 112 and 113: relative locks, and median times.
    pub(super) csv: u32,
    /// BIPs 141, 143 and 147: witnesses.
    pub(super) segwit: u32,
}

impl Activation {
    pub(super) fn of(network: Network) -> Self {
        let heights = match network {
            Network::Bitcoin => [227_931, 388_381, 363_725, 419_328, 481_824],
            Network::Testnet => [21_111, 581_885, 330_776, 770_112, 834_624],
            Network::Testnet4 | Network::Signet | Network::Regtest => [1; 5],
        };
        let [bip34, bip65, bip66, csv, segwit] = heights;
        Activation { bip34, bip65, bip66, csv, segwit }
    }

    /// The rules of scripts at a height: Bitcoin Core's `GetBlockScriptFlags`, without its two old
    /// blocks that broke them.
    pub(super) fn script_flags(self, height: u32) -> ScriptVerificationFlags {
        let later = [
            (self.bip66, VERIFY_DERSIG),
            (self.bip65, VERIFY_CHECKLOCKTIMEVERIFY),
            (self.csv, VERIFY_CHECKSEQUENCEVERIFY),
            (self.segwit, VERIFY_NULLDUMMY),
        ];
        let active = later.iter().filter(|(first, _)| height >= *first).map(|(_, flag)| flag);
        active.fold(VERIFY_P2SH | VERIFY_WITNESS | VERIFY_TAPROOT, |flags, flag| flags | flag)
    }
}
