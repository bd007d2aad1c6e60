//! Values of mining as releases before v32 have them on the wire.
//!
//! In: values of today. Out: their older forms, and back; the attributes of
//! [`interfaces`](crate::interfaces) say which release has which.

use bitcoin::{ScriptBuf, Transaction};
use mp_runtime::{Error, Result};

use super::{CoinbaseTx, Reject};

/// A module that converts an object which may be missing to its form in an older release.
macro_rules! in_form {
    ($module:ident: $form:ident for $today:ident) => {
        pub(crate) mod $module {
            use std::sync::Arc;

            use mp_runtime::Result;

            use super::{$form, $today};

            pub(crate) type Wire = Option<Arc<dyn $form>>;

            pub(crate) fn build(object: &Option<Arc<dyn $today>>) -> Result<Wire> {
                Ok(object.clone().map(<dyn $form>::of))
            }

            pub(crate) fn read(object: Wire) -> Result<Option<Arc<dyn $today>>> {
                Ok(object.map(|object| object as Arc<dyn $today>))
            }
        }
    };
}

pub(crate) use in_form;

/// v30 has the options of blocks without schema defaults.
macro_rules! without_defaults {
    ($module:ident: $(#[$attr:meta])* $name:ident { $($(#[$field_attr:meta])* $field:ident: $ty:ty,)* }) => {
        pub(crate) mod $module {
            use mp_runtime::{IpcStruct, Result};

            #[derive(Debug, IpcStruct)]
            $(#[$attr])*
            pub(crate) struct $name {
                $($(#[$field_attr])* $field: $ty,)*
            }

            pub(crate) type Wire = $name;

            pub(crate) fn build(options: &crate::types::$name) -> Result<Wire> {
                Ok(Wire { $($field: options.$field,)* })
            }

            pub(crate) fn read(wire: Wire) -> Result<crate::types::$name> {
                Ok(crate::types::$name { $($field: wire.$field,)* })
            }
        }
    };
}

without_defaults! {
    create_options:
    /// [`BlockCreateOptions`](crate::types::BlockCreateOptions) without defaults on the wire.
    #[ipc(types = crate::types::Bitcoin, cxx = "node::BlockCreateOptions")]
    BlockCreateOptions {
        /// Take transactions from the mempool.
        #[ipc(cxx_name = "use_mempool")]
        use_mempool: bool,
        /// Weight units to keep free for the header and the coinbase.
        #[ipc(cxx_name = "block_reserved_weight")]
        block_reserved_weight: u64,
        /// Signature operations to keep free for the coinbase's outputs.
        #[ipc(cxx_name = "coinbase_output_max_additional_sigops")]
        coinbase_output_max_additional_sigops: u64,
    }
}

without_defaults! {
    wait_options:
    /// [`BlockWaitOptions`](crate::types::BlockWaitOptions) without defaults on the wire.
    #[ipc(types = crate::types::Bitcoin, cxx = "node::BlockWaitOptions")]
    BlockWaitOptions {
        /// How long to wait; `None` for ever.
        #[ipc(with = mp_runtime::with::milliseconds_or_forever, cxx_name = "timeout")]
        timeout: Option<std::time::Duration>,
        /// How much the fees have to rise to be worth a new template.
        #[ipc(cxx_name = "fee_threshold")]
        fee_threshold: bitcoin::Amount,
    }
}

without_defaults! {
    check_options:
    /// [`BlockCheckOptions`](crate::types::BlockCheckOptions) without defaults on the wire.
    #[ipc(types = crate::types::Bitcoin, cxx = "node::BlockCheckOptions")]
    BlockCheckOptions {
        /// That the header has the root of its transactions.
        #[ipc(cxx_name = "check_merkle_root")]
        check_merkle_root: bool,
        /// That the header's hash meets its target.
        #[ipc(cxx_name = "check_pow")]
        check_pow: bool,
    }
}

/// Before v32 a solution was only accepted or not.
pub(crate) mod accepted {
    use super::{Reject, Result};

    pub(crate) type Wire = bool;

    pub(crate) fn build(verdict: &Result<(), Reject>) -> Result<Wire> {
        Ok(verdict.is_ok())
    }

    pub(crate) fn read(accepted: Wire) -> Result<Result<(), Reject>> {
        let debug = || "Bitcoin Core before v32 gives no reason".to_owned();
        Ok(if accepted { Ok(()) } else { Err(Reject { reason: String::new(), debug: debug() }) })
    }
}

/// v30 gives a dummy coinbase instead of what one has to be like.
pub(crate) mod dummy_coinbase {
    use super::{CoinbaseTx, Result, Transaction, dummy, requirements};

    pub(crate) type Wire = Transaction;

    pub(crate) fn build(required: &CoinbaseTx) -> Result<Wire> {
        Ok(dummy(required))
    }

    pub(crate) fn read(dummy: Wire) -> Result<CoinbaseTx> {
        requirements(&dummy)
    }
}

/// What a coinbase has to be like, from the dummy that v30 gives: its first output takes the whole
/// reward, the others are required, and its input's script ends with an `OP_0` that only keeps it
/// from being too short.
fn requirements(dummy: &Transaction) -> Result<CoinbaseTx> {
    let (Some(input), Some(reward)) = (dummy.input.first(), dummy.output.first()) else {
        return Err(Error::bad_value("the node's coinbase has no input or no output"));
    };
    let script = input.script_sig.as_bytes();
    let prefix = match script.split_last() {
        Some((0, height)) if height.len() >= 2 => height,
        _ => script,
    };
    Ok(CoinbaseTx {
        version: dummy.version.0 as u32,
        sequence: input.sequence.0,
        script_sig_prefix: ScriptBuf::from_bytes(prefix.to_vec()),
        witness: input.witness.iter().next().map(<[u8]>::to_vec),
        block_reward_remaining: reward.value,
        required_outputs: dummy.output[1..].to_vec(),
        lock_time: dummy.lock_time.to_consensus_u32(),
    })
}

/// The dummy coinbase that v30 would give for these requirements.
fn dummy(required: &CoinbaseTx) -> Transaction {
    let padding: &[u8] = if required.script_sig_prefix.as_bytes().ends_with(&[0]) { &[] } else { &[0] };
    required.transaction(padding, ScriptBuf::new())
}

#[cfg(test)]
mod tests {
    use bitcoin::Amount;

    use super::*;

    #[test]
    fn the_dummy_coinbase_says_what_is_required() {
        for (prefix, kept) in [(vec![1, 102], vec![1, 102]), (vec![0x51, 0], vec![0x51, 0])] {
            let required = CoinbaseTx {
                version: 2,
                sequence: 0xffff_fffe,
                script_sig_prefix: ScriptBuf::from_bytes(prefix),
                witness: Some(vec![0; 32]),
                block_reward_remaining: Amount::from_sat(5_000_000_000),
                required_outputs: vec![bitcoin::TxOut {
                    value: Amount::ZERO,
                    script_pubkey: ScriptBuf::from_bytes(vec![0x6a]),
                }],
                lock_time: 101,
            };
            let again = requirements(&dummy(&required)).expect("requirements");
            assert_eq!(again.script_sig_prefix.as_bytes(), kept);
            assert_eq!(again, required);
        }
    }
}
