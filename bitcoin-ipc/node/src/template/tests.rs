//! In: headers. Out: bits, subsidies, times and versions.

use super::*;
use bitcoin::block::{Header, Version};
use bitcoin::hashes::Hash;
use bitcoin::{BlockHash, CompactTarget, Network, OutPoint, TxMerkleNode};

fn header(time: u32, bits: u32) -> Header {
    Header {
        version: Version::TWO,
        prev_blockhash: BlockHash::all_zeros(),
        merkle_root: TxMerkleNode::all_zeros(),
        time,
        bits: CompactTarget::from_consensus(bits),
        nonce: 0,
    }
}

/// Adjustments of the main chain.
#[test]
fn difficulty_follows_the_time_that_blocks_took() {
    for (last, first, bits, next) in [
        // Blocks 32255, 30240 and 32256: the first adjustment.
        (1_262_152_739, 1_261_130_161, 0x1d00_ffff, 0x1d00_d86a),
        // Block 2015: as easy as it gets.
        (1_233_061_996, 1_231_006_505, 0x1d00_ffff, 0x1d00_ffff),
        // Block 68543: a fourth at most.
        (1_279_297_671, 1_279_008_237, 0x1c05_a3f4, 0x1c01_68fd),
        // Block 46367: four times at most.
        (1_269_211_443, 1_263_163_443, 0x1c38_7f6f, 0x1d00_e1fd),
    ] {
        let at = |height: u32| -> Result<Header, ()> {
            match height {
                2015 => Ok(header(last, bits)),
                0 => Ok(header(first, bits)),
                _ => panic!("{height}"),
            }
        };
        let found = next_bits(Network::Bitcoin, 2015, last + 600, at).unwrap();
        assert_eq!(found, CompactTarget::from_consensus(next), "{found:x}");
    }
    let same = next_bits(Network::Bitcoin, 2016, 9999, |_| Ok::<_, ()>(header(1, 0x1c05_a3f4)));
    assert_eq!(same, Ok(CompactTarget::from_consensus(0x1c05_a3f4)));
    assert_eq!(next_bits(Network::Bitcoin, 1, 1, |_| Err("unread")), Err("unread"));
}

#[test]
fn test_networks_have_their_exceptions() {
    const HARD: u32 = 0x1c05_a3f4;
    const EASY: u32 = 0x1d00_ffff;
    let at = |height: u32| Ok::<_, ()>(header(600 * height, if height > 2018 { EASY } else { HARD }));
    for network in [Network::Testnet, Network::Testnet4] {
        let next = |time| next_bits(network, 2020, time, at).unwrap().to_consensus();
        assert_eq!(next(600 * 2020 + 1200), HARD, "the last block that was no exception");
        assert_eq!(next(600 * 2020 + 1201), EASY);
    }
    // At an adjustment testnet4 starts from the first block's difficulty, testnet from the last one's.
    let at = |height: u32| Ok::<_, ()>(header(600 * height, if height > 2016 { EASY } else { HARD }));
    let next = |network| next_bits(network, 4031, 0, at).unwrap().to_consensus();
    let close = |bits: u32, other: u32| bits >> 20 == other >> 20;
    assert!(close(next(Network::Testnet4), HARD), "{:x}", next(Network::Testnet4));
    assert!(close(next(Network::Testnet), 0x1d00_fff0), "{:x}", next(Network::Testnet));
    let regtest = next_bits(Network::Regtest, 143, u32::MAX, |_| Ok::<_, ()>(header(1, 0x207f_ffff)));
    assert_eq!(regtest.unwrap().to_consensus(), 0x207f_ffff);
}

#[test]
fn the_subsidy_halves() {
    let all = |network, height| subsidy(network, height).to_sat();
    assert_eq!(all(Network::Bitcoin, 209_999), 5_000_000_000);
    assert_eq!(all(Network::Bitcoin, 840_000), 312_500_000);
    assert_eq!(all(Network::Regtest, 150), 2_500_000_000);
    assert_eq!(all(Network::Bitcoin, 33 * 210_000), 0);
    assert_eq!(all(Network::Regtest, u32::MAX), 0);
}

#[test]
fn times_keep_above_the_median_and_near_the_last_block_of_a_difficulty() {
    let next = |height| NextBlock {
        network: Network::Bitcoin,
        parent: BlockHash::all_zeros(),
        parent_time: 10_000,
        median_time_past: 5_000,
        height,
        version: Version::from_consensus(0x2000_0000),
    };
    assert_eq!((next(2015).time(1), next(2016).time(1)), (5001, 9400));
    assert_eq!((next(2015).time(20_000), next(2016).time(u64::MAX)), (20_000, u32::MAX));
    let template =
        next(16).assemble(&Selection::default(), 6000, CompactTarget::from_consensus(1), Default::default());
    assert_eq!(template.coinbase.height(), Some(16));
    assert_eq!(template.block.txdata[0].input[0].script_sig.as_bytes(), [0x60, 0]);
    assert_eq!(template.block.txdata[0].input[0].previous_output, OutPoint::null());
}

#[test]
fn versions_signal_from_the_second_period_until_the_change_is_active() {
    // Blocks of the second period signal or not; from then on the miner decides.
    let plain = Version::from_consensus(0x2000_0000);
    let versions = |signals: u32| {
        let mut headers: Vec<Header> = Vec::new();
        for height in 0..600 {
            let made: Version =
                version(Network::Regtest, height, |below| Ok::<_, ()>(headers[below as usize])).unwrap();
            let quiet = (144 + signals..288).contains(&height);
            headers.push(Header { version: if quiet { plain } else { made }, ..header(0, 0) });
            assert_eq!(version(Network::Bitcoin, height, |_| Err(())), Ok(plain));
        }
        headers.into_iter().map(|header| header.version.to_consensus()).collect::<Vec<_>>()
    };
    let (plain, signal) = (0x2000_0000, 0x3000_0000);
    let made = versions(108);
    assert_eq!(
        (made[143], made[144], made[288], made[431], made[432]),
        (plain, signal, signal, signal, plain)
    );
    let made = versions(107);
    assert_eq!((made[288], made[432], made[575], made[576]), (signal, signal, signal, plain));
}
