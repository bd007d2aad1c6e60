//! Enums: the number of every variant, and that other numbers are errors.

use std::sync::Arc;

use bitcoin_ipc::Result;
use bitcoin_ipc::types::*;

use crate::ends::{Ends, Mirror, echoes};

echoes! {
    Choices, ChoicesWire, i32, 0x9a1c_4e07_55d2_8b08;
    rbf: RbfTransactionState,
    removal: MempoolRemovalReason,
    synchronization: SynchronizationState,
    direction: ConnectionDirection,
    network: Network,
    connection: ConnectionType,
    output: OutputType,
    purpose: AddressPurpose,
    change: ChangeType,
    signing: SigningResult,
    mode: JsonRpcRequestMode,
    version: JsonRpcVersion,
    transaction: TransactionError,
    broadcast: TxBroadcast,
    psbt: PsbtError,
    fee_reason: FeeReason,
    fee_mode: FeeEstimateMode,
    settings: SettingsAction,
}

echoes! {
    SmallChoices, SmallChoicesWire, u8, 0x9a1c_4e07_55d2_8b09;
    transport: TransportProtocolType,
    filter: BlockFilterType,
}

/// Checks that the variants in their order have the numbers from 0, and that there are no others.
macro_rules! counted {
    ($($test:ident, $method:ident: $ty:ident { $($variant:ident)* };)*) => {$(
        #[test]
        fn $test() {
            let ends = Ends::<dyn Choices, dyn ChoicesWire, i32>::new(Arc::new(Mirror), |tape| tape);
            let all = [$($ty::$variant),*];
            for (number, value) in (0..).zip(&all) {
                ends.same(Choices::$method, ChoicesWire::$method, value, &number);
            }
            for unknown in [-1, all.len() as i32, i32::MIN, i32::MAX] {
                let error = ends.refused(Choices::$method, ChoicesWire::$method, &all[0], &unknown);
                assert!(error.text().contains(&unknown.to_string()), "{error}");
            }
            ends.same(Choices::$method, ChoicesWire::$method, &all[0], &0);
        }
    )*};
}

counted! {
    replacement_states_are_numbered, rbf: RbfTransactionState { Unknown ReplaceableBip125 Final };
    removal_reasons_are_numbered, removal: MempoolRemovalReason {
        Expiry SizeLimit Reorg Block Conflict Replaced
    };
    synchronization_states_are_numbered, synchronization: SynchronizationState {
        InitReindex InitDownload PostInit
    };
    connection_directions_are_numbered, direction: ConnectionDirection { None In Out Both };
    networks_are_numbered, network: Network { Unroutable Ipv4 Ipv6 Onion I2p Cjdns Internal };
    connection_types_are_numbered, connection: ConnectionType {
        Inbound OutboundFullRelay Manual Feeler BlockRelay AddrFetch PrivateBroadcast
    };
    output_types_are_numbered, output: OutputType { Legacy P2shSegwit Bech32 Bech32m Unknown };
    address_purposes_are_numbered, purpose: AddressPurpose { Receive Send Refund };
    change_types_are_numbered, change: ChangeType { New Updated Deleted };
    signing_results_are_numbered, signing: SigningResult { Ok PrivateKeyNotAvailable SigningFailed };
    request_modes_are_numbered, mode: JsonRpcRequestMode { Execute GetHelp GetArgs };
    versions_of_json_rpc_are_numbered, version: JsonRpcVersion { V1Legacy V2 };
    transaction_errors_are_numbered, transaction: TransactionError {
        Ok MissingInputs AlreadyInUtxoSet MempoolRejected MempoolError MaxFeeExceeded MaxBurnExceeded
        InvalidPackage PrivateBroadcastFull
    };
    broadcasts_are_numbered, broadcast: TxBroadcast {
        MempoolAndBroadcastToAll MempoolNoBroadcast NoMempoolPrivateBroadcast
    };
    psbt_errors_are_numbered, psbt: PsbtError {
        MissingInputs SighashMismatch ExternalSignerNotFound ExternalSignerFailed Unsupported Incomplete
        InvalidTx Ok
    };
    fee_reasons_are_numbered, fee_reason: FeeReason {
        None HalfEstimate FullEstimate DoubleEstimate Conservative MempoolMin Fallback Required
    };
    fee_modes_are_numbered, fee_mode: FeeEstimateMode { Unset Economical Conservative };
    settings_actions_are_numbered, settings: SettingsAction { Write SkipWrite };
}

#[test]
fn two_enums_are_bytes() {
    let ends = Ends::<dyn SmallChoices, dyn SmallChoicesWire, u8>::new(Arc::new(Mirror), |tape| tape);
    for (value, number) in [
        (TransportProtocolType::Detecting, 0),
        (TransportProtocolType::V1, 1),
        (TransportProtocolType::V2, 2),
    ] {
        ends.same(SmallChoices::transport, SmallChoicesWire::transport, &value, &number);
    }
    ends.refused(SmallChoices::transport, SmallChoicesWire::transport, &TransportProtocolType::V1, &3);
    for (value, number) in [(BlockFilterType::Basic, 0), (BlockFilterType::Invalid, 255)] {
        ends.same(SmallChoices::filter, SmallChoicesWire::filter, &value, &number);
    }
    for unknown in [1, 254] {
        ends.refused(SmallChoices::filter, SmallChoicesWire::filter, &BlockFilterType::Basic, &unknown);
    }
}
