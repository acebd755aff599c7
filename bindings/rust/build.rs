//! Has programs linked with the C library as it is installed, which pkg-config finds.

use std::env;
use std::process::exit;

fn main() {
    // A page of documentation is made without the library.
    if env::var_os("DOCS_RS").is_some() {
        return;
    }
    let found = pkg_config::Config::new().range_version("0.2.0".."0.3").probe("asynchron");
    if let Err(why) = found {
        eprintln!(
            "The C library asynchron 0.2 is not installed, or PKG_CONFIG_PATH does not lead to it.\n{why}"
        );
        exit(1);
    }
}
