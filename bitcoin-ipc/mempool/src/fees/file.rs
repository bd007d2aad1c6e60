//! Estimates that outlive the process.
//!
//! In: an [`Estimator`]. Out: a JSON file of its counts, and back. Transactions that wait are not in
//! it: give them up with [`Estimator::flush`] before, as at the end of the process.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use bitcoin_init::owner;
use serde_json::{Value, json};

use super::stats::Stats;
use super::{Estimator, buckets};

const VERSION: u64 = 1;

/// Why a file of estimates cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The file cannot be read; it is missing before the first start.
    #[error("the fee estimates cannot be read: {0}")]
    File(#[from] io::Error),
    /// The file is not one of estimates, or of another version.
    #[error("the fee estimates are malformed in `{0}`: remove the file, and they begin anew")]
    Malformed(&'static str),
}

fn write_stats(stats: &Stats) -> Value {
    json!({
        "decay": stats.decay,
        "scale": stats.scale,
        "total": stats.total,
        "rates": stats.rates,
        "confirmed": stats.confirmed,
        "failed": stats.failed,
    })
}

/// A count for each bucket.
fn read_counts(value: &Value) -> Option<Vec<f64>> {
    let counts: Option<Vec<_>> = value.as_array()?.iter().map(Value::as_f64).collect();
    let sound = |count: &f64| count.is_finite() && *count >= 0.0;
    counts.filter(|counts| counts.len() == buckets::limits().len() && counts.iter().all(sound))
}

/// Counts for each of so many periods.
fn read_periods(value: &Value, periods: usize) -> Option<Vec<Vec<f64>>> {
    let counts: Option<Vec<_>> = value.as_array()?.iter().map(read_counts).collect();
    counts.filter(|counts| counts.len() == periods)
}

/// Fills the counts, if they were made with the same numbers.
fn read_stats(value: &Value, stats: &mut Stats) -> Option<()> {
    let same = value["decay"].as_f64()? == stats.decay && value["scale"].as_u64()? == u64::from(stats.scale);
    let periods = stats.confirmed.len();
    stats.total = read_counts(&value["total"])?;
    stats.rates = read_counts(&value["rates"])?;
    stats.confirmed = read_periods(&value["confirmed"], periods)?;
    stats.failed = read_periods(&value["failed"], periods)?;
    same.then_some(())
}

fn read_height(value: &Value) -> Option<u32> {
    value.as_u64().and_then(|height| u32::try_from(height).ok())
}

impl Estimator {
    /// Writes the counts into a file, which is whole at any moment.
    ///
    /// # Errors
    ///
    /// The file, or `<file>.new` beside it, cannot be written.
    pub fn save(&self, path: &Path) -> io::Result<()> {
        let (now, past) = self.spans();
        let (first, last) = if now > past / 2 { (self.first_height, self.best_height) } else { self.past };
        let value = json!({
            "version": VERSION,
            "best_height": self.best_height,
            "first": first,
            "last": last,
            "buckets": buckets::limits(),
            "short": write_stats(&self.short),
            "medium": write_stats(&self.medium),
            "long": write_stats(&self.long),
        });
        let mut temporary = path.as_os_str().to_owned();
        temporary.push(".new");
        let mut writer = BufWriter::new(owner::create(Path::new(&temporary))?);
        serde_json::to_writer(&mut writer, &value)?;
        writer.flush()?;
        writer.get_ref().sync_all()?;
        fs::rename(&temporary, path)
    }

    /// Reads a file, or begins anew when it is missing or cannot be used, which the log says.
    #[must_use]
    pub fn load(path: &Path) -> Self {
        Estimator::read(path).unwrap_or_else(|error| {
            let missing = matches!(&error, LoadError::File(error) if error.kind() == io::ErrorKind::NotFound);
            if !missing {
                tracing::warn!(target: "node", "{}: {error}", path.display());
            }
            Estimator::new()
        })
    }

    /// Reads a file that [`Estimator::save`] wrote.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is none of estimates.
    pub fn read(path: &Path) -> Result<Self, LoadError> {
        let value: Value =
            serde_json::from_slice(&fs::read(path)?).map_err(|_| LoadError::Malformed("JSON"))?;
        let mut estimator = Estimator::new();
        if value["version"] != VERSION {
            return Err(LoadError::Malformed("version"));
        }
        if value["buckets"] != json!(buckets::limits()) {
            return Err(LoadError::Malformed("buckets"));
        }
        let heights = [&value["best_height"], &value["first"], &value["last"]].map(read_height);
        let [Some(best), Some(first), Some(last)] = heights else {
            return Err(LoadError::Malformed("heights"));
        };
        if first > last || last > best {
            return Err(LoadError::Malformed("heights"));
        }
        estimator.best_height = best;
        estimator.past = (first, last);
        for (name, stats) in ["short", "medium", "long"].into_iter().zip(estimator.stats()) {
            read_stats(&value[name], stats).ok_or(LoadError::Malformed(name))?;
        }
        Ok(estimator)
    }
}
