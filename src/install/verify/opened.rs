//! Whether the person ever opened the project in a client: only then is the client started there.

use std::path::Path;

use serde_json::Value;

use crate::compile::platform::Platform;
use crate::compile::platform::loads::Opened;
use crate::install::settings;
use crate::install::target::Roots;

/// Why the client is not started in the project; none when it may be, or there is no project.
pub(super) fn why_not(platform: &Platform, roots: &Roots) -> Option<String> {
    let project = roots.project.as_deref()?;
    let Some(opened) = &platform.loads.opened else {
        return Some(format!("nothing says whether you opened this project in {}", platform.title));
    };
    let above = if opened.above { usize::MAX } else { 1 };
    let is_opened = project.ancestors().take(above).any(|dir| is_opened(opened, roots, dir));
    let why = format!("you have not opened this project in it ({})", opened.press);
    (!is_opened).then_some(why)
}

fn is_opened(opened: &Opened, roots: &Roots, dir: &Path) -> bool {
    let project = dir.display().to_string();
    if let Some(name) = &opened.dir {
        let dashed = project.trim_start_matches(['/', '\\']).replace(['/', '\\', ':'], "-");
        let path = name.strip_prefix("~/").unwrap_or(name).replace("{dashed}", &dashed);
        if settings::in_home(roots, &path).is_dir() {
            return true;
        }
    }
    let keys: Vec<String> = opened.at.iter().map(|key| key.replace("{project}", &project)).collect();
    let says =
        |value: &Value| settings::at(value, &keys).into_iter().any(|value| Some(value) == opened.is.as_ref());
    let mut files = opened.files.iter().flat_map(|file| settings::files(roots, file));
    !keys.is_empty() && files.any(|file| settings::read(&file).is_some_and(|value| says(&value)))
}
