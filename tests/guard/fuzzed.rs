//! The corpus that fuzzing has left (CONTRIBUTING.md), and every input that once was a defect, judged again.

use std::path::Path;

#[path = "../../fuzz/targets.rs"]
mod targets;

fn replay(name: &str, target: impl Fn(&[u8])) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let mut inputs = 0;
    for entry in std::fs::read_dir(&dir).expect("the corpus").flatten() {
        target(&std::fs::read(entry.path()).expect("an input"));
        inputs += 1;
    }
    assert!(inputs > 0, "{} is empty", dir.display());
}

#[test]
fn the_reader_and_the_guard_take_what_fuzzing_found() {
    replay("shell", |data| targets::shell(&String::from_utf8_lossy(data)));
}

#[test]
fn every_decoder_takes_what_fuzzing_found() {
    replay("wire", targets::wire);
}
