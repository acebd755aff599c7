//! The rooms of the C++ interface, `include/asynchron/*.hpp`: each can be read, and used, alone.

use std::fs;
use std::thread;

use super::*;

/// What begins and ends every room, and stands on no floor.
const FRAME: [&str; 2] = ["begin", "end"];

fn text(path: &str) -> String {
    let path = root().join("include").join(path);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

pub fn room(name: &str) -> String {
    text(&format!("asynchron/{name}.hpp"))
}

/// All of them, as they lie in their directory.
pub fn rooms() -> Vec<String> {
    let directory = fs::read_dir(root().join("include/asynchron")).unwrap();
    let mut names: Vec<String> = directory
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| name.strip_suffix(".hpp").map(str::to_owned))
        .collect();
    names.sort();
    assert!(names.len() > 20, "only {names:?}");
    names
}

/// The headers of ours that a text includes, with the numbers of their lines.
fn included(text: &str) -> Vec<(usize, &str)> {
    let lines = text.lines().enumerate();
    lines
        .filter_map(|(at, line)| Some((at + 1, line.trim().strip_prefix("#include \"")?)))
        .map(|(number, rest)| (number, rest.split('"').next().unwrap()))
        .collect()
}

/// The rooms from the ground up: the door says it, and nothing else does.
fn order() -> Vec<String> {
    let door = text("asynchron.hpp");
    let all = included(&door).into_iter().map(|(number, name)| {
        let room = name.strip_prefix("asynchron/").and_then(|name| name.strip_suffix(".hpp"));
        room.unwrap_or_else(|| panic!("asynchron.hpp:{number} is no room: {name}")).to_owned()
    });
    all.collect()
}

/// The macros that are there between the beginning and the end alone.
fn passing_macros() -> Vec<String> {
    let text = room("begin");
    let defined = text.lines().filter_map(|line| line.strip_prefix("#define "));
    let mut names: Vec<String> =
        defined.map(|rest| rest.split([' ', '(']).next().unwrap().to_owned()).collect();
    names.sort();
    names.dedup();
    assert!(names.len() > 8, "only {names:?}");
    names
}

fn compiles_alone(by: By) {
    let mut passing = passing_macros();
    passing.push("ASYNCHRON_HAS_OPTIONAL".into());
    let none_left: String =
        passing.iter().map(|name| format!("#ifdef {name}\n#error {name}\n#endif\n")).collect();
    for name in rooms() {
        let here = if name == "begin" { "" } else { &none_left }; // it is what defines them
        let include = format!("#include <asynchron/{name}.hpp>\n");
        let compiler = if by == By::Clang { "clang" } else { "default" };
        // Alone; and what is guarded, twice.
        let unit = header::snippet(
            &format!("room-{compiler}-{name}.cpp"),
            &format!("{}{here}", include.repeat(2)),
        );
        for (standard, more) in [
            ("c++11", "-fexceptions"),
            ("c++11", "-fno-exceptions"),
            ("c++14", "-DASYNCHRON_PLUGIN"),
            ("c++17", "-fexceptions"),
            ("c++20", "-fexceptions"),
            ("c++20", "-fno-exceptions"),
        ] {
            let mut command = command(by, standard);
            command.args(["-Wold-style-cast", "-fsyntax-only", more]).arg(&unit);
            ok(run::succeed(command, 4 * LIMIT));
        }
    }
}

/// Without a warning, and without leaving a macro behind that is not the program's to see.
#[test]
fn every_room_compiles_alone() {
    thread::scope(|scope| {
        for by in compilers() {
            scope.spawn(move || compiles_alone(by));
        }
    });
}

#[test]
fn a_program_needs_no_more_than_the_rooms_it_uses() {
    for by in compilers() {
        hold("one_room", by, "c++11", &[Form::Shared]);
    }
}

/// Rather than a program that cannot be linked.
#[test]
fn a_call_whose_room_is_missing_does_not_compile() {
    let compiles = |rooms: &[&str], call: &str| {
        let mut text: String =
            rooms.iter().map(|name| format!("#include <asynchron/{name}.hpp>\n")).collect();
        text.push_str(&format!(
            "void use(const asynchron::future<int> &f) {{ (void)f; {call}; }}\n"
        ));
        let unit = header::snippet(&format!("missing-{}.cpp", rooms.concat()), &text);
        let mut command = command(By::Default, "c++11");
        command.arg("-fsyntax-only").arg(unit);
        ok(run::run(command, 4 * LIMIT)).status.success()
    };
    for (call, room) in [
        ("(void)f.get()", "time"), // no other room than those below
        ("(void)f.then([](int) {})", "then"),
        ("f.notify([] {})", "then"),
        ("f.on_cancel([] {})", "then"),
        ("(void)f.catch_error([] { return 1; })", "recover"),
        ("(void)f.finally([] {})", "recover"),
        ("(void)f.try_get()", "outcome"),
        ("asynchron::promise<int> p", "promise"),
        ("asynchron::wait_all({f})", "several"),
    ] {
        assert_eq!(compiles(&["future"], call), room == "time", "{call} without {room}.hpp");
        assert!(compiles(&["future", room], call), "{call} with {room}.hpp");
    }
}

#[test]
fn every_room_has_under_400_lines() {
    let mut sizes: Vec<(String, usize)> =
        rooms().into_iter().map(|name| (name.clone(), room(&name).lines().count())).collect();
    sizes.push(("the door".into(), text("asynchron.hpp").lines().count()));
    let large: Vec<_> = sizes.iter().filter(|(_, lines)| *lines >= 400).collect();
    assert!(large.is_empty(), "{large:?}");
}

#[test]
fn the_door_leads_to_every_room_once() {
    let mut listed = order();
    listed.extend(FRAME.map(str::to_owned));
    listed.sort();
    assert_eq!(listed, rooms());
}

/// So there is no circle, either.
#[test]
fn no_room_includes_what_stands_above_it() {
    let order = order();
    let floor = |name: &str| order.iter().position(|other| other == name);
    let mut wrong = Vec::new();
    for name in rooms() {
        let text = room(&name);
        for (number, path) in included(&text) {
            let other = path.strip_suffix(".hpp").unwrap_or(path);
            let below = match (name.as_str(), other) {
                ("platform", "../asynchron.h") | ("begin", "platform") => true,
                ("begin" | "end" | "platform", _) => false,
                (_, "begin" | "end") => true,
                _ => floor(other).is_some_and(|other| Some(other) < floor(&name)),
            };
            if !below {
                wrong.push(format!("include/asynchron/{name}.hpp:{number} includes {path}"));
            }
        }
    }
    assert!(wrong.is_empty(), "these run up:\n{}", wrong.join("\n"));
}

/// A room that is included between another's beginning and end would take the macros away.
#[test]
fn every_room_begins_after_its_includes_and_ends_last() {
    for name in rooms().iter().filter(|name| !FRAME.contains(&name.as_str())) {
        let text = room(name);
        let all: Vec<&str> = included(&text).into_iter().map(|(_, path)| path).collect();
        if name == "platform" {
            continue; // it has no frame, which stands on it
        }
        let [.., "begin.hpp", "end.hpp"] = all[..] else { panic!("{name}: {all:?}") };
        let framed = |path| all.iter().filter(|other| **other == path).count();
        assert_eq!([framed("begin.hpp"), framed("end.hpp")], [1, 1], "{name}: {all:?}");
    }
}

#[test]
fn what_begins_is_ended() {
    let text = room("end");
    let mut ended: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("#undef ")).collect();
    ended.sort();
    assert_eq!(ended, passing_macros());
}
