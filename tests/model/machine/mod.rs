//! Random programs, played twice: on a model of the contract, and on the library. Everything that either of them
//! answers, and everything that it calls and frees, in its order, has to be the same.
//!
//! - `op`: what a program consists of;
//! - `player`: plays one, the program's own functions included, on whatever world it is given;
//! - `call`: what the player asks of a world, and what it writes down;
//! - `model`: the contract as a world; `library`: the library as one.
//!
//! One thread plays: what is promised of several is not seen here.

pub mod call;
mod library;
mod model;
pub mod op;
mod player;

use op::Program;

/// Plays the program on both. Where they part, says how it came to that.
pub fn compare(program: &Program) -> Result<(), String> {
    let expected = player::play(program, model::Model::new(), None)?;
    player::play(program, library::Library::new(), Some(expected)).map(|_| ())
}
