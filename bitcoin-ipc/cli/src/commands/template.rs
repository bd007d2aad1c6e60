//! `template`: what a block template has in it, once or for each new one.

use std::sync::Arc;

use bitcoin::{Amount, Block};
use bitcoin_ipc::interfaces::BlockTemplate;
use bitcoin_ipc::types::{BlockCreateOptions, CoinbaseTx};
use bitcoin_ipc::{Result, TemplateOptions};
use futures::StreamExt;
use serde_json::{Value, json};

use crate::amounts::{amount, count, length};
use crate::arguments::Template;
use crate::failure::{Failure, say};
use crate::node::Node;
use crate::output::Output;
use crate::progress::waiting;
use crate::table::Fields;

/// Makes templates and prints them.
pub(crate) async fn run(command: &Template, node: &Node, output: Output) -> Result<(), Failure> {
    let client = node.client().await?;
    let mining = client.mining();
    if waiting("asking the node whether it is ready", mining.is_initial_block_download()).await? {
        say("the node still downloads the chain; it may give no template before it has caught up");
    }
    let mut templates = client.templates(TemplateOptions {
        create: BlockCreateOptions { use_mempool: !command.no_mempool, ..BlockCreateOptions::default() },
        fee_threshold: command.fee_threshold.map_or(Amount::MAX_MONEY, Amount::from_sat),
        cooldown: true,
        ..TemplateOptions::default()
    });
    let mut first = true;
    while let Some(template) = waiting("waiting for a template", templates.next()).await {
        let contents = waiting("reading the template", Contents::read(template?)).await?;
        if !first && !output.json {
            output.line("")?;
        }
        first = false;
        output.result(contents.human(), || contents.json())?;
        if !command.watch {
            break;
        }
    }
    Ok(())
}

/// What is in a template.
struct Contents {
    block: Block,
    fees: Amount,
    sigops: i64,
    coinbase: CoinbaseTx,
    merkle_path: usize,
}

impl Contents {
    async fn read(template: Arc<dyn BlockTemplate>) -> Result<Contents> {
        let (block, fees, sigops, coinbase, path) = tokio::try_join!(
            template.get_block(),
            template.get_tx_fees(),
            template.get_tx_sigops(),
            template.get_coinbase_tx(),
            template.get_coinbase_merkle_path()
        )?;
        Ok(Contents {
            block,
            fees: fees.into_iter().sum(),
            sigops: sigops.into_iter().sum(),
            coinbase,
            merkle_path: path.len(),
        })
    }

    /// How many transactions, without the coinbase.
    fn transactions(&self) -> usize {
        self.block.txdata.len().saturating_sub(1)
    }

    fn human(&self) -> Fields {
        let Contents { block, fees, sigops, coinbase, merkle_path } = self;
        let height = coinbase.height();
        let mut fields = Fields::default()
            .with("height", height.map_or("unknown".into(), |height| height.to_string()))
            .with("previous block", block.header.prev_blockhash)
            .with("transactions", length(self.transactions()))
            .with("fees", amount(*fees))
            .with("weight", format!("{} with the node's own coinbase", count(block.weight().to_wu())))
            .with("size", format!("{} bytes", length(block.total_size())))
            .with("sigops", sigops)
            .with("target", format!("{:08x}", block.header.bits.to_consensus()))
            .with(
                "coinbase",
                format!(
                    "version {}, sequence {:08x}, lock time {}",
                    coinbase.version, coinbase.sequence, coinbase.lock_time
                ),
            )
            .with("  script prefix", coinbase.script_sig_prefix.to_hex_string())
            .with("  witness", coinbase.witness.as_deref().map_or("none".into(), hex))
            .with("  reward", amount(coinbase.block_reward_remaining));
        for output in &coinbase.required_outputs {
            fields.add(
                "  required output",
                format!("{} sat to {}", output.value.to_sat(), output.script_pubkey.to_hex_string()),
            );
        }
        fields.with("merkle path", format!("{merkle_path} long"))
    }

    fn json(&self) -> Value {
        let Contents { block, fees, sigops, coinbase, merkle_path } = self;
        let outputs = coinbase.required_outputs.iter().map(|output| {
            json!({ "value": output.value.to_sat(), "script": output.script_pubkey.to_hex_string() })
        });
        json!({
            "height": coinbase.height(),
            "previous_block": block.header.prev_blockhash,
            "transactions": self.transactions(),
            "fees": fees.to_sat(),
            "weight": block.weight().to_wu(),
            "size": block.total_size(),
            "sigops": sigops,
            "bits": format!("{:08x}", block.header.bits.to_consensus()),
            "coinbase": {
                "version": coinbase.version,
                "sequence": coinbase.sequence,
                "script_prefix": coinbase.script_sig_prefix.to_hex_string(),
                "witness": coinbase.witness.as_deref().map(hex),
                "reward": coinbase.block_reward_remaining.to_sat(),
                "required_outputs": outputs.collect::<Vec<_>>(),
                "lock_time": coinbase.lock_time,
            },
            "merkle_path_length": merkle_path,
        })
    }
}

fn hex(bytes: &[u8]) -> String {
    bitcoin::Script::from_bytes(bytes).to_hex_string()
}
