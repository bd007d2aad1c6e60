//! The options that all of our programs share.
//!
//! In: nothing. Out: tables to put into a [`Program`](super::Program).

use super::{Category, Form, OptionInfo};

/// Files and directories, help and version.
pub const SHARED_OPTIONS: &[OptionInfo] = &[
    OptionInfo::new(
        "help",
        Form::Flag,
        Category::General,
        "Print this help message and exit (also -h or -?)",
    ),
    OptionInfo::new(
        "help-debug",
        Form::Flag,
        Category::Debugging,
        "Print this help message with the options for developers and tests, and exit",
    ),
    OptionInfo::new("h", Form::Flag, Category::General, "").hidden(),
    OptionInfo::new("?", Form::Flag, Category::General, "").hidden(),
    OptionInfo::new("version", Form::Flag, Category::General, "Print version and exit"),
    OptionInfo::new(
        "conf",
        Form::Path,
        Category::General,
        "Read this configuration file; a relative path counts from the data directory; only for the \
         command line (default: bitcoin.conf)",
    )
    .value("<file>"),
    OptionInfo::new("datadir", Form::Path, Category::General, "The data directory")
        .value("<dir>")
        .not_negatable(),
    OptionInfo::new(
        "includeconf",
        Form::Path,
        Category::General,
        "Read a further configuration file; a relative path counts from the data directory; only for \
         the configuration file",
    )
    .value("<file>"),
    OptionInfo::new(
        "settings",
        Form::Path,
        Category::General,
        "The file of settings that the program itself changes; a relative path counts from the \
         network's directory; -nosettings does without (default: settings.json)",
    )
    .value("<file>"),
];

/// The choice of a network.
pub const NETWORK_OPTIONS: &[OptionInfo] = &[
    OptionInfo::new(
        "chain",
        Form::Text,
        Category::Network,
        "Use this chain: main, test, testnet4, signet or regtest (default: main)",
    )
    .value("<chain>")
    .not_negatable()
    .needs_value(),
    OptionInfo::new(
        "regtest",
        Form::Flag,
        Category::Network,
        "Use a chain of one's own, where blocks are found at once; the same as -chain=regtest",
    ),
    OptionInfo::new(
        "signet",
        Form::Flag,
        Category::Network,
        "Use the signet chain; the same as -chain=signet",
    ),
    OptionInfo::new(
        "testnet",
        Form::Flag,
        Category::Network,
        "Use the testnet3 chain; the same as -chain=test",
    ),
    OptionInfo::new(
        "testnet4",
        Form::Flag,
        Category::Network,
        "Use the testnet4 chain; the same as -chain=testnet4",
    ),
];

/// What goes to the log, and where to.
pub const LOG_OPTIONS: &[OptionInfo] = &[
    OptionInfo::new(
        "debug",
        Form::Text,
        Category::Debugging,
        "Log what happens in a category: ipc, node, wallet, mempool and others; 1 or all for every one, 0 \
         or none for none; may be given several times",
    )
    .value("<category>"),
    OptionInfo::new(
        "debugexclude",
        Form::Text,
        Category::Debugging,
        "Leave out a category that -debug includes; may be given several times",
    )
    .value("<category>"),
    OptionInfo::new(
        "debuglogfile",
        Form::Path,
        Category::Debugging,
        "The log file; a relative path counts from the network's directory; -nodebuglogfile does \
         without (default: debug.log)",
    )
    .value("<file>"),
    OptionInfo::new(
        "loglevel",
        Form::Text,
        Category::Debugging,
        "How much to log of the categories of -debug: info, debug or trace, for all or for one, as in \
         ipc:trace, which shows what calls carry (default: debug)",
    )
    .value("<level>|<category>:<level>")
    .not_negatable()
    .needs_value(),
    OptionInfo::new(
        "logthreadnames",
        Form::Flag,
        Category::Debugging,
        "Begin each line with the name of its thread (default: 0)",
    ),
    OptionInfo::new("printtoconsole", Form::Flag, Category::Debugging, "Log to the console too (default: 1)"),
];
