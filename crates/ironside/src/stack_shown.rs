//! The lines of an error's stack that help whoever wrote the application: his own code, its packages, and the Client Components
//! around; not our runtime and React, which are below everything.

/// Frames (`at …`), components (`in …`) and causes, without those of the runtime; with them if there is nothing else.
pub(crate) fn lines(stack: &str) -> Vec<&str> {
    let all: Vec<&str> = stack.lines().filter(|line| is_frame(line) || is_cause(line)).collect();
    let own: Vec<&str> = all.iter().copied().filter(|line| !is_of_runtime(line)).collect();
    if own.is_empty() { all } else { own }
}

fn is_frame(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("at ") || line.starts_with("in ")
}

fn is_cause(line: &str) -> bool {
    line.trim_start().starts_with("caused by")
}

/// `runtime/75203a15b1379890/node_modules/…`: what a build lays out of ours, see `runtime_folder`. Node's own, too.
fn is_of_runtime(line: &str) -> bool {
    if line.contains("(node:internal/") || line.contains("at node:internal/") {
        return true;
    }
    line.match_indices("runtime/").any(|(at, word)| {
        let Some((name, rest)) = line.get(at + word.len()..).and_then(|rest| rest.split_once('/')) else {
            return false;
        };
        let is_laid_out = name == "source" || name.len() == 16 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_laid_out && rest.starts_with("node_modules/")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_runtimes_frames_are_left_out() {
        let stack = "Error: broke\n    at Inner (app/runtime/page.tsx:3:52)\n    at render (runtime/75203a15b1379890/node_modules/react-dom/x.js:1:2)\n    \
                     at node:internal/process:3:4\n  caused by Error: why\n    at f (node_modules/pg/a.js:1:1)\n    in Frame (app/c.tsx:2:1)\n    \
                     in Slot (runtime/75203a15b1379890/node_modules/@ironside/client/src/slot.tsx:9:1)";
        let shown: Vec<&str> = lines(stack).into_iter().map(str::trim).collect();
        assert_eq!(
            shown,
            [
                "at Inner (app/runtime/page.tsx:3:52)",
                "caused by Error: why",
                "at f (node_modules/pg/a.js:1:1)",
                "in Frame (app/c.tsx:2:1)"
            ]
        );
        let ours = "    at render (runtime/75203a15b1379890/node_modules/react-dom/x.js:1:2)";
        assert_eq!(lines(ours), [ours]);
    }
}
