//! Finding a program and becoming it.
//!
//! In: the wrapper's own path and a call. Out: the other program in place of this process, or the
//! reason why not.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use bitcoin_init::{Error, Result};

/// A program and its arguments, and what to call where it is missing.
pub(crate) struct Call {
    program: &'static str,
    args: Vec<OsString>,
    instead: Option<Box<Call>>,
}

impl Call {
    pub(crate) fn new(program: &'static str, args: Vec<OsString>) -> Self {
        Call { program, args, instead: None }
    }

    /// Where the program is missing, this is called.
    pub(crate) fn or_else(mut self, instead: Call) -> Self {
        self.instead = Some(Box::new(instead));
        self
    }
}

/// Where programs may be.
pub(crate) struct Places {
    directories: Vec<PathBuf>,
    path: bool,
}

impl Places {
    /// By the name under which the wrapper runs.
    pub(crate) fn of(own: &Path) -> Result<Places> {
        let file = std::env::current_exe().and_then(|file| file.canonicalize());
        let file = file
            .map_err(|error| Error::new(format!("cannot find out where this program itself is: {error}")))?;
        let directory = file.parent().unwrap_or(Path::new("/"));
        let mut directories = Vec::new();
        if directory.file_name().is_some_and(|name| name == "bin") {
            directories.push(directory.with_file_name("libexec"));
        }
        directories.push(directory.to_owned());
        // Who calls this one by its path, as in a directory of builds, does not mean installed ones.
        let path = own.parent().is_none_or(|parent| parent.as_os_str().is_empty());
        Ok(Places { directories, path })
    }

    /// Becomes the program; returns only when that fails.
    pub(crate) fn exec(&self, call: Call) -> Error {
        let mut missing = Vec::new();
        let mut next = Some(call);
        while let Some(Call { program, args, instead }) = next {
            let files = self.directories.iter().map(|directory| directory.join(program));
            // The system looks in PATH for a name without directory.
            for file in files.chain(self.path.then(|| program.into())) {
                let error = Command::new(&file).args(&args).exec();
                if error.kind() != ErrorKind::NotFound {
                    return Error::new(format!("cannot run {}: {error}", file.display()));
                }
            }
            missing.push(program);
            next = instead.map(|instead| *instead);
        }
        let mut places: Vec<String> =
            self.directories.iter().map(|directory| directory.display().to_string()).collect();
        if self.path {
            places.push("PATH".to_owned());
        }
        let (missing, places) = (missing.join(" nor "), places.join(", "));
        Error::new(format!("there is no {missing} in {places}; install it there"))
    }
}
