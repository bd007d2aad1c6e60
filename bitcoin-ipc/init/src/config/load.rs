//! Settings from the command line and the files.
//!
//! In: a program's table and its arguments. Out: `Settings` with what every source says.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use bitcoin_ipc::types;
use serde_json::Value;

use super::file::Assignment;
use super::lookup::{self, Scope};
use super::value::as_text;
use super::{Settings, chain, file, saved};
use crate::arguments::{Arguments, Program, Refusal, interpret};
use crate::error::{Error, Result};
use crate::paths;

impl Settings {
    /// Reads the configuration file, those that it includes and the settings file, and lets the
    /// arguments stand above them. Creates nothing.
    ///
    /// # Errors
    ///
    /// For a data directory that is named but not there, a file that is named but cannot be read,
    /// mistakes in a file (with its line), and settings that choose several networks. Options that the
    /// program does not know are errors only on the command line: programs share one file.
    pub fn load(program: &Program, arguments: Arguments) -> Result<Settings> {
        let sources = types::Settings { command_line_options: arguments.options, ..Default::default() };
        let named = |sources: &types::Settings, name| {
            let scope = Scope { section: "", default_section: true, chooses_network: false };
            lookup::value(sources, scope, name)
        };
        let text = |value: &Value| Some(as_text(value)).filter(|text| !text.is_empty());
        let given = named(&sources, "datadir").as_ref().and_then(text);
        let is_given = given.is_some();
        let data_dir = paths::named(given.map(PathBuf::from))?;
        if is_given {
            paths::check(&data_dir)?;
        }
        let conf = named(&sources, "conf");
        let mut reader = Reader { program, sources, data_dir: data_dir.clone(), warnings: Vec::new() };
        let config_path = match &conf {
            Some(Value::Bool(false)) => PathBuf::new(),
            value => {
                data_dir.join(value.as_ref().and_then(text).unwrap_or_else(|| "bitcoin.conf".to_owned()))
            }
        };
        if !config_path.as_os_str().is_empty() {
            reader.configuration(&config_path, conf.is_some())?;
        }
        let Reader { sources, mut warnings, .. } = reader;
        let mut settings = Settings::new(program, sources, config_path)?;
        // The configuration of the default directory may name another one.
        let final_dir = settings.data_dir()?;
        if final_dir != data_dir {
            paths::check(&final_dir)?;
        }
        if let Some(path) = settings.saved_path()? {
            settings.sources.rw_settings = saved::read(&path)?;
            let unknown = settings.sources.rw_settings.keys().filter(|name| program.find(name).is_none());
            warnings
                .extend(unknown.map(|name| format!("{}: unknown setting {name} is ignored", path.display())));
        }
        settings.warnings = warnings;
        Ok(settings)
    }
}

struct Reader<'a> {
    program: &'a Program,
    sources: types::Settings,
    data_dir: PathBuf,
    warnings: Vec<String>,
}

impl Reader<'_> {
    /// The main file and those that it includes.
    fn configuration(&mut self, path: &Path, required: bool) -> Result<()> {
        let Some(text) = read(path, required)? else { return Ok(()) };
        self.take(path, &text)?;
        if self.sources.command_line_options.contains_key("includeconf") {
            return Ok(());
        }
        let network = chain::name(chain::chosen(&self.sources)?);
        let scope = Scope { section: network, default_section: true, chooses_network: false };
        let included = lookup::list(&self.sources, scope, "includeconf");
        for name in &included {
            let path = self.data_dir.join(as_text(name));
            let text = read(&path, true)?.unwrap_or_default();
            self.take(&path, &text)?;
        }
        let now = lookup::list(&self.sources, scope, "includeconf");
        if now.len() > included.len() {
            let text = "includeconf in a file that is included itself is ignored";
            self.warnings.push(text.to_owned());
        }
        Ok(())
    }

    fn take(&mut self, path: &Path, text: &str) -> Result<()> {
        let shown = path.display().to_string();
        for Assignment { section, name, value, line } in file::parse(&shown, text)? {
            if name == "conf" {
                let text = "conf cannot stand in a configuration file; use includeconf to read another";
                return Err(Error::new(format!("{shown}:{line}: {text}")));
            }
            if !chain::is_section(&section) {
                self.warnings.push(format!("{shown}:{line}: section [{section}] belongs to no network"));
            }
            match interpret(self.program, &name, Some(&value)) {
                Ok((name, value)) => {
                    let section = self.sources.ro_config.entry(section).or_default();
                    section.entry(name.to_owned()).or_default().push(value);
                }
                Err(Refusal::Unknown(hint)) => {
                    let hint = hint.replace('-', "");
                    self.warnings.push(format!("{shown}:{line}: unknown option {name} is ignored{hint}"));
                }
                Err(Refusal::Value(text)) => return Err(Error::new(format!("{shown}:{line}: {text}"))),
            }
        }
        Ok(())
    }
}

/// The text of a file, or `None` for one that need not be there and is not.
fn read(path: &Path, required: bool) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        // Editors on Windows begin a file with this mark.
        Ok(text) => Ok(Some(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))),
        Err(error) if error.kind() == ErrorKind::NotFound && !required => Ok(None),
        Err(error) => {
            let text = format!("cannot read the configuration file {}: {error}", path.display());
            Err(Error::new(text))
        }
    }
}

#[cfg(test)]
mod tests {
    use bitcoin::Network;
    use bitcoin_ipc::types::GlobalArgs;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::arguments::{
        Category, Form, Invocation, LOG_OPTIONS, NETWORK_OPTIONS, OptionInfo, SHARED_OPTIONS, parse,
    };

    fn program() -> Program {
        let own = [
            OptionInfo::new("server", Form::Flag, Category::Rpc, "Accept commands"),
            OptionInfo::new("rpcport", Form::Int, Category::Rpc, "Port").value("<port>").network_only(),
            OptionInfo::new("wallet", Form::Text, Category::Wallet, "Load it").network_only(),
        ];
        let program = Program::new("bitcoin-node", "1", "A node.");
        program.options(SHARED_OPTIONS).options(NETWORK_OPTIONS).options(LOG_OPTIONS).options(&own)
    }

    fn load(dir: &Path, args: &[&str]) -> Result<Settings> {
        let datadir = format!("-datadir={}", dir.display());
        let args = ["bitcoin-node", &datadir].into_iter().chain(args.iter().copied());
        match parse(&program(), args)? {
            Invocation::Run(arguments) => Settings::load(&program(), arguments),
            other => panic!("{other:?}"),
        }
    }

    fn with(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().expect("a directory");
        for (name, text) in files {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
            fs::write(path, text).expect("a file");
        }
        dir
    }

    #[test]
    fn every_source_counts_in_its_turn() {
        let conf = "chain=regtest\nserver=1\nrpcport=1\nwallet=a\ndebug=ipc\n[regtest]\nrpcport=2\nincludeconf=more.conf\n";
        let more = "debug=node\nregtest.wallet=b\nincludeconf=never.conf\nnosettings=0\n";
        let dir = with(&[
            ("bitcoin.conf", conf),
            ("more.conf", more),
            ("regtest/settings.json", "{\"wallet\":[\"c\"],\"odd\":1}"),
        ]);
        let settings = load(dir.path(), &["-noserver"]).expect("good settings");
        assert_eq!(settings.network(), Network::Regtest);
        assert!(!settings.bool("server", true));
        assert!(settings.is_negated("server") && !settings.is_set("par"));
        assert_eq!(settings.persistent("server"), Some(json!("1")));
        assert!(settings.on_command_line("server") && !settings.on_command_line("rpcport"));
        assert_eq!(settings.int("rpcport", 8332), Ok(2));
        assert_eq!(settings.list("wallet"), ["c", "b"], "not that of the default section");
        assert_eq!(settings.list("debug"), ["ipc", "node"]);
        assert_eq!(settings.text("loglevel", "debug"), "debug");
        assert_eq!(settings.network_dir(), Ok(dir.path().join("regtest")));
        assert_eq!(settings.config_path(), dir.path().join("bitcoin.conf"));
        assert_eq!(settings.warnings().len(), 2, "{:?}", settings.warnings());

        let args = GlobalArgs::from(settings.clone());
        let mut again = Settings::from_global_args(&program(), args.clone()).expect("good settings");
        assert_eq!(GlobalArgs::from(again.clone()), args);
        again.warnings.clone_from(&settings.warnings);
        assert_eq!(again, settings);
    }

    #[test]
    fn networks_are_chosen() {
        let dir = with(&[("bitcoin.conf", "signet=1\nrpcport=7\n")]);
        let settings = load(dir.path(), &["-nosignet"]).expect("good settings");
        assert_eq!(settings.network(), Network::Signet, "as in Bitcoin Core");
        assert_eq!(settings.int("rpcport", 1), Ok(1));
        let settings = load(dir.path(), &["-noconf", "-testnet4"]).expect("good settings");
        assert_eq!((settings.network(), settings.config_path()), (Network::Testnet4, Path::new("")));
        for (args, text) in [
            (["-regtest"], "use only one of -regtest, -signet, -testnet, -testnet4 and -chain"),
            (["-chain=moon"], "-chain=moon: no such chain; it is main, test, testnet4, signet or regtest"),
        ] {
            assert_eq!(load(dir.path(), &args).expect_err("no network").text(), text);
        }
        let dir = with(&[("bitcoin.conf", "rpcport=7\n")]);
        assert_eq!(load(dir.path(), &[]).expect("mainnet").int("rpcport", 1), Ok(7));
    }

    #[test]
    fn mistakes_name_the_line() {
        for (conf, text) in [
            ("\nserver=yes", ":2: -server takes 0 or 1, and not `yes`"),
            ("conf=x", ":1: conf cannot stand in a configuration file; use includeconf to read another"),
            ("[regtest]\nrpcport=", ":2: -rpcport needs a value, as in -rpcport=<port>"),
        ] {
            let dir = with(&[("bitcoin.conf", conf)]);
            let path = dir.path().join("bitcoin.conf");
            assert_eq!(
                load(dir.path(), &[]).expect_err("a mistake").text(),
                format!("{}{text}", path.display())
            );
        }
        let dir = with(&[("bitcoin.conf", "serve=1\n[moon]\nserver=0")]);
        let warnings = load(dir.path(), &[]).expect("good settings").warnings;
        assert!(
            warnings[0].ends_with(":1: unknown option serve is ignored; did you mean server?"),
            "{warnings:?}"
        );
        assert!(warnings[1].ends_with(":3: section [moon] belongs to no network"), "{warnings:?}");
        let error = load(&dir.path().join("none"), &[]).expect_err("no directory");
        assert!(error.text().contains("does not exist"), "{error}");
        assert!(load(dir.path(), &["-conf=none"]).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_file_is_read(conf in "(((no)?(server|wallet|debug|chain|rpcport|regtest|conf)|\\[(regtest|test)\\]|=|[0-2]|main|\n|\\PC){0,40})") {
            let dir = with(&[("bitcoin.conf", &conf)]);
            if let Ok(settings) = load(dir.path(), &["-noincludeconf"]) {
                let _ = settings.bool("server", true);
                prop_assert!(settings.int("rpcport", 1).is_ok(), "checked when it was read");
                let _ = settings.list("wallet");
                let again = Settings::from_global_args(&program(), settings.clone().into()).expect("the same");
                prop_assert_eq!(again.list("debug"), settings.list("debug"));
                prop_assert_eq!(again.network(), settings.network());
            }
        }
    }

    #[test]
    fn what_is_saved_is_there_next_time() {
        let dir = with(&[]);
        let mut settings = load(dir.path(), &[]).expect("good settings");
        settings.save("wallet", Some(json!(["a", "b"]))).expect("a write");
        settings.save("server", Some(json!(true))).expect("a write");
        settings.save("server", None).expect("a write");
        let mut settings = load(dir.path(), &[]).expect("good settings");
        assert_eq!(settings.list("wallet"), ["a", "b"]);
        assert!(settings.force_default("server", true) && !settings.force_default("server", false));
        assert_eq!(settings.path("conf", "x"), Some("x".into()));
        let error =
            load(dir.path(), &["-nosettings"]).expect("good").save("wallet", None).expect_err("no file");
        assert_eq!(error.text(), "wallet cannot be saved without a settings file; start without -nosettings");
    }
}
