//! The command line.
//!
//! In: the arguments of the process. Out: which command to run on what. The texts here are what
//! `--help` prints.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

const EXIT_CODES: &str = "\
Exit codes:
  0  all is well
  1  something is wrong with your files: mistakes in the code, or stale schema files
  2  the question could not be answered: wrong usage, or cargo or the file system failed";

const EXAMPLES: &str = "\
Examples:
  mpgen expand src/chain.rs                 what the macros make of a file
  mpgen schema --package my-interfaces      the schema text of a package's interfaces
  mpgen schema --write schemas              the same, into a folder
  mpgen check                               in CI: is the folder of schema files up to date?
  mpgen check --against v1.2                would peers of that git revision still understand us?
  mpgen import -I schemas schemas/a.capnp   the Rust traits and structs of a schema
  mpgen id                                  an id for a new schema file

";

const IMPORT_EXAMPLES: &str = "\
Examples:
  mpgen import -I schemas schemas/shop.capnp > src/shop.rs
  mpgen check --against schemas             then: is the schema of the source the same?

";

const EXPAND_EXAMPLES: &str = "\
Examples:
  mpgen expand src/chain.rs
  mpgen expand src/chain.rs --item Chain    only the items named `Chain`
  mpgen expand - < src/chain.rs             from standard input

";

const SCHEMA_EXAMPLES: &str = "\
Where the interfaces come from, first match first:
  --root                                    on the command line
  [package.metadata.mpgen] roots = […]      in the package's Cargo.toml
  every `pub trait` with `#[ipc_interface]` that other crates can name

Settings in Cargo.toml:
  [package.metadata.mpgen]
  roots = [\"chain::Chain\"]                  # interfaces, as paths in the library
  schemas = \"schemas\"                       # folder of --write and check, beside Cargo.toml

  [workspace.metadata.mpgen]
  packages = [\"my-interfaces\"]              # what is meant at the workspace root
  schemas = \"schemas\"

Examples:
  mpgen schema
  mpgen schema --package my-interfaces --root chain::Chain --write schemas
  mpgen check
  mpgen check --against HEAD~1

The files name each other from their folder on, so others need to know it:
  capnp compile -I schemas -o- schemas/shop.capnp
  capnp.load(\"schemas/shop.capnp\", imports=[\"schemas\"])     in Python, with pycapnp

";

/// Shows what the macros of mpgen generate, and keeps schema files up to date.
#[derive(Debug, Parser)]
#[command(name = "mpgen", version, max_term_width = 100, after_help = format!("{EXAMPLES}{EXIT_CODES}"))]
pub(crate) struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print a Rust file with every macro of mpgen expanded
    ///
    /// `#[ipc_interface]`, `#[derive(IpcStruct)]`, `#[derive(IpcEnum)]` and `ipc_file!` are replaced by what
    /// they generate; everything else stays, also what is inside functions. Comments that are not documentation are lost.
    #[command(after_help = format!("{EXPAND_EXAMPLES}{EXIT_CODES}"))]
    Expand(Expand),
    /// Print or write the Cap'n Proto schema text of a package's interfaces
    ///
    /// Builds the package with a small program that prints its schema, so the text comes from the same
    /// constants that reading and writing messages use.
    #[command(after_help = format!("{SCHEMA_EXAMPLES}{EXIT_CODES}"))]
    Schema(Schema),
    /// Compare a folder of schema files, or an older version of it, with the source
    ///
    /// Without `--against`, prints every file that is missing or out of date, and the command that writes them
    /// anew. Files that no interface needs are left alone. With it, prints every change that peers of the older
    /// version would misunderstand, and all that differs.
    #[command(after_help = format!("{SCHEMA_EXAMPLES}{EXIT_CODES}"))]
    Check(Check),
    /// Print the Rust traits and structs of schema files
    ///
    /// A module for each file and for those that it imports; their schema is the same again, for peers and to the letter
    /// where `mpgen schema` has written the files. What has no form in Rust is an error that says where it is.
    #[command(after_help = format!("{IMPORT_EXAMPLES}{EXIT_CODES}"))]
    Import(Import),
    /// Print a new id for a schema file, or for a type
    #[command(after_help = EXIT_CODES)]
    Id,
}

#[derive(Debug, Args)]
pub(crate) struct Expand {
    /// The Rust file, or `-` for standard input
    pub(crate) file: PathBuf,
    /// Only the items with this name; of an `impl` block, the name of its trait or its type
    #[arg(long, value_name = "NAME")]
    pub(crate) item: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The schema files
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// The folder from which the files name each other; otherwise the current one
    #[arg(long, short = 'I', value_name = "DIR")]
    pub(crate) import_path: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Schema {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Write the files into a folder instead of printing them; without DIR, into the one that
    /// `schemas` in Cargo.toml names. Give the folder to those who read them: `capnp compile -I DIR`,
    /// `imports=[DIR]` in Python
    #[arg(long, value_name = "DIR", num_args = 0..=1)]
    pub(crate) write: Option<Option<PathBuf>>,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// The folder of schema files; without it, the one that `schemas` in Cargo.toml names
    #[arg(long, value_name = "DIR")]
    pub(crate) schemas: Option<PathBuf>,
    /// The older version: a git revision of that folder, or another folder
    #[arg(long, value_name = "REVISION|DIR")]
    pub(crate) against: Option<String>,
}

impl Selection {
    /// The options that decide what is compiled, as cargo and `mpgen` spell them.
    pub(crate) fn build_options(&self) -> Vec<&str> {
        let flags = [
            ("--all-features", self.all_features),
            ("--no-default-features", self.no_default_features),
            ("--locked", self.locked),
            ("--offline", self.offline),
        ];
        let features = self.features.iter().flat_map(|features| ["--features", features]);
        features.chain(flags.into_iter().filter(|(_, on)| *on).map(|(flag, _)| flag)).collect()
    }
}

/// Which interfaces.
#[derive(Debug, Args)]
pub(crate) struct Selection {
    /// The Cargo.toml of the package or workspace; otherwise the nearest one above the current folder
    #[arg(long, value_name = "PATH")]
    pub(crate) manifest_path: Option<PathBuf>,
    /// A package of the workspace; can be given several times
    #[arg(long, short, value_name = "NAME")]
    pub(crate) package: Vec<String>,
    /// An interface, as a path in the package's library; can be given several times
    #[arg(long, value_name = "PATH::TO::TRAIT")]
    pub(crate) root: Vec<String>,
    /// Features of the packages to turn on, as cargo understands them
    #[arg(long, short = 'F', value_name = "FEATURES")]
    pub(crate) features: Vec<String>,
    /// Turn all features of the packages on
    #[arg(long)]
    pub(crate) all_features: bool,
    /// Leave the default features of the packages off
    #[arg(long)]
    pub(crate) no_default_features: bool,
    /// Have cargo leave Cargo.lock as it is
    #[arg(long)]
    pub(crate) locked: bool,
    /// Have cargo stay away from the network
    #[arg(long)]
    pub(crate) offline: bool,
    /// Have cargo print nothing but errors
    #[arg(long, short)]
    pub(crate) quiet: bool,
}
