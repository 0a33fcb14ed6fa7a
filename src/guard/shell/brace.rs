//! Brace expansion: `{a,b}` and `{1..3}`, before every other expansion (bash 5.2, section "Brace Expansion").

use super::{Limit, Op, Part, Word};

/// Most words that the braces of one word may become.
const MAX_WORDS: usize = 1_000;

/// Most numbers of a range that are written out; of the rest nothing is known.
const MAX_RANGE: u64 = 100;

/// What is left of [`MAX_WORDS`], and how many numbers of a range are written out.
struct Budget {
    words: usize,
    range: u64,
}

impl Budget {
    fn spend(&mut self) -> Result<(), Limit> {
        self.words = self.words.checked_sub(1).ok_or(Limit::TooLong)?;
        Ok(())
    }
}

/// One character or one opaque piece of a word.
#[derive(Clone)]
enum Atom {
    Char(char, bool),
    Piece(Part),
}

/// The words that `word` becomes; itself if it has no braces.
pub(super) fn expand(word: Word) -> Result<Vec<Word>, Limit> {
    let has = |wanted: char| {
        word.parts
            .iter()
            .any(|part| matches!(part, Part::Text { text, quoted: false } if text.contains(wanted)))
    };
    if !has('{') || !has('}') {
        return Ok(vec![word]);
    }
    let atoms = atoms(word);
    let within = |most: u64| all(&atoms, &mut Budget { words: MAX_WORDS, range: most }, 0);
    // `{1..99}{1..99}` is too much to write out, but only its numbers are many.
    let words =
        within(MAX_RANGE).or_else(|limit| if limit == Limit::TooLong { within(1) } else { Err(limit) })?;
    Ok(words.iter().map(|atoms| join(atoms)).collect())
}

fn atoms(word: Word) -> Vec<Atom> {
    let mut atoms = Vec::new();
    for part in word.parts {
        match part {
            Part::Text { text, quoted } => {
                // An empty quoted piece still makes a word.
                if text.is_empty() {
                    atoms.push(Atom::Piece(Part::Text { text, quoted }));
                } else {
                    atoms.extend(text.chars().map(|character| Atom::Char(character, quoted)));
                }
            }
            other => atoms.push(Atom::Piece(other)),
        }
    }
    atoms
}

fn join(atoms: &[Atom]) -> Word {
    let mut word = Word::default();
    let mut buffer = [0; 4];
    for atom in atoms {
        match atom {
            Atom::Char(character, quoted) => word.push_text(character.encode_utf8(&mut buffer), *quoted),
            Atom::Piece(part) => word.push(part.clone()),
        }
    }
    word
}

fn is(atom: Option<&Atom>, wanted: char) -> bool {
    matches!(atom, Some(Atom::Char(character, false)) if *character == wanted)
}

/// All words of `atoms`: prefix × alternatives × all words of the rest.
fn all(atoms: &[Atom], budget: &mut Budget, depth: u32) -> Result<Vec<Vec<Atom>>, Limit> {
    if depth > super::MAX_DEPTH {
        return Err(Limit::TooDeep);
    }
    let Some((start, end, alternatives)) = first_group(atoms, pairs(atoms)?, budget.range) else {
        budget.spend()?;
        return Ok(vec![atoms.to_vec()]);
    };
    let prefix = atoms.get(..start).unwrap_or_default();
    let rest = all(atoms.get(end + 1..).unwrap_or_default(), budget, depth + 1)?;
    let mut words = Vec::new();
    for alternative in alternatives {
        for middle in all(&alternative, budget, depth + 1)? {
            for tail in &rest {
                budget.spend()?;
                words.push([prefix, middle.as_slice(), tail.as_slice()].concat());
            }
        }
    }
    Ok(words)
}

/// The first `{…}` that is a list or a range: where it stands and what it can become.
fn first_group(
    atoms: &[Atom],
    pairs: Vec<(usize, usize)>,
    most: u64,
) -> Option<(usize, usize, Vec<Vec<Atom>>)> {
    for (start, end) in pairs {
        let inner = atoms.get(start + 1..end).unwrap_or_default();
        let parts = split(inner);
        if parts.len() > 1 {
            return Some((start, end, parts.into_iter().map(<[Atom]>::to_vec).collect()));
        }
        if let Some(range) = range(inner, most) {
            return Some((start, end, range));
        }
    }
    None
}

/// Every matched pair of unquoted braces, by its opening one. The cap on open ones keeps [`split`] linear.
fn pairs(atoms: &[Atom]) -> Result<Vec<(usize, usize)>, Limit> {
    let mut open = Vec::new();
    let mut pairs = Vec::new();
    for (at, atom) in atoms.iter().enumerate() {
        if is(Some(atom), '{') {
            open.push(at);
            if open.len() > super::MAX_DEPTH as usize {
                return Err(Limit::TooDeep);
            }
        } else if is(Some(atom), '}')
            && let Some(start) = open.pop()
        {
            pairs.push((start, at));
        }
    }
    pairs.sort_unstable();
    Ok(pairs)
}

/// The pieces between the commas of this level.
fn split(inner: &[Atom]) -> Vec<&[Atom]> {
    let mut depth = 0_usize;
    inner
        .split(|atom| {
            if is(Some(atom), '{') {
                depth += 1;
            } else if is(Some(atom), '}') {
                depth = depth.saturating_sub(1);
            }
            depth == 0 && is(Some(atom), ',')
        })
        .collect()
}

/// `1..9`, `a..e`, `1..9..2`.
fn range(inner: &[Atom], most: u64) -> Option<Vec<Vec<Atom>>> {
    let text: String = inner
        .iter()
        .map(|atom| if let Atom::Char(character, false) = atom { Some(*character) } else { None })
        .collect::<Option<_>>()?;
    let mut ends = text.split("..");
    let (from, to) = (ends.next()?, ends.next()?);
    let step = ends.next().map_or(Ok(1), str::parse::<i64>).ok()?.unsigned_abs().max(1);
    let letters =
        |value: i64| u32::try_from(value).ok().and_then(char::from_u32).map(|letter| letter.to_string());
    if let (Ok(from), Ok(to)) = (from.parse::<i64>(), to.parse::<i64>())
        && from.abs_diff(to) / step >= most
    {
        // Too many to write out: one number that nothing is known of.
        let unknown = Part::Param { name: String::new(), op: Op::Transform(Word::default()), quoted: false };
        return Some(vec![vec![Atom::Piece(unknown)]]);
    }
    let texts: Vec<String> = if let (Ok(from), Ok(to)) = (from.parse::<i64>(), to.parse::<i64>()) {
        count(from, to, step).map(|value| value.to_string()).collect()
    } else {
        let (from, to) = (single(from)?, single(to)?);
        count(from, to, step).filter_map(letters).collect()
    };
    Some(
        texts
            .iter()
            .map(|text| text.chars().map(|character| Atom::Char(character, false)).collect())
            .collect(),
    )
}

fn single(text: &str) -> Option<i64> {
    let mut characters = text.chars();
    let first = characters.next().filter(char::is_ascii_alphabetic)?;
    characters.next().is_none().then_some(i64::from(u32::from(first)))
}

fn count(from: i64, to: i64, step: u64) -> impl Iterator<Item = i64> {
    let (low, high) = (from.min(to), from.max(to));
    let step = usize::try_from(step).unwrap_or(usize::MAX);
    (low..=high).step_by(step).take(MAX_WORDS + 1)
}
