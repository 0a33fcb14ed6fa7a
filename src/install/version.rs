//! Which of two semantic versions is older.

use std::cmp::Ordering;

/// Whether `new` is older than `old`. What is no version is never older.
pub fn is_older(new: &str, old: &str) -> bool {
    match (read(new), read(old)) {
        (Some(new), Some(old)) => compare(&new, &old) == Ordering::Less,
        _ => false,
    }
}

type Version<'a> = ([u64; 3], Option<&'a str>);

fn read(text: &str) -> Option<Version<'_>> {
    let text = text.split('+').next()?;
    let (core, before) = text.split_once('-').map_or((text, None), |(core, before)| (core, Some(before)));
    let mut parts = core.split('.').map(str::parse);
    let core = [parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?];
    parts.next().is_none().then_some((core, before))
}

fn compare(one: &Version<'_>, other: &Version<'_>) -> Ordering {
    one.0.cmp(&other.0).then_with(|| match (one.1, other.1) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater, // the release comes behind its previews
        (Some(_), None) => Ordering::Less,
        (Some(one), Some(other)) => previews(one, other),
    })
}

/// Numbers before words, numbers as numbers, fewer parts first.
fn previews(one: &str, other: &str) -> Ordering {
    let part = |text: &str| {
        text.parse::<u64>().map_or_else(|_| (1, 0, text.to_owned()), |number| (0, number, String::new()))
    };
    one.split('.').map(part).cmp(other.split('.').map(part))
}

#[cfg(test)]
mod tests {
    #[test]
    fn versions_have_an_order() {
        let order =
            ["0.9.0", "0.10.0-alpha", "0.10.0-alpha.2", "0.10.0-alpha.10", "0.10.0-beta", "0.10.0", "1.0.0"];
        for (at, old) in order.iter().enumerate() {
            for (other, new) in order.iter().enumerate() {
                assert_eq!(super::is_older(new, old), other < at, "{new} {old}");
            }
        }
        assert!(!super::is_older("x", "1.0.0") && !super::is_older("1.0.0+a", "1.0.0+b"));
    }
}
