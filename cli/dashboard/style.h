/// The dashboard's style sheet: light, dark (by the reader's preference) and print.
#pragma once

#include <string_view>

namespace rampart {

inline constexpr std::string_view kDashboardStyle = R"css(
:root { color-scheme: light dark; --bg: #fff; --fg: #1b2430; --dim: #566173; --line: #d5dbe3;
  --card: #f5f7fa; --link: #0b57b0; --pass: #00855f; --partial: #4a9fd8; --forwarded: #8e949c;
  --fail: #c9510c; --alarm: #b03a06; }
@media (prefers-color-scheme: dark) { :root { --bg: #12161c; --fg: #e4e8ee; --dim: #9aa6b5;
  --line: #323b47; --card: #1b212a; --link: #7db7ff; --pass: #2bb98d; --partial: #56b4e9;
  --forwarded: #868e98; --fail: #e8793a; --alarm: #ff9a63; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem; max-width: 80rem; background: var(--bg); color: var(--fg);
  font: 16px/1.5 system-ui, sans-serif; }
a { color: var(--link); }
a:focus-visible, summary:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0.2rem 0; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2.2rem 0 0.6rem; }
p { margin: 0.3rem 0; max-width: 60rem; }
.dim { color: var(--dim); }
.cards { display: flex; flex-wrap: wrap; gap: 0.8rem; margin: 1.2rem 0; padding: 0; }
.cards > div { flex: 1 1 11rem; background: var(--card); border: 1px solid var(--line);
  border-radius: 0.5rem; padding: 0.7rem 0.9rem; }
.cards dt { color: var(--dim); font-size: 0.85rem; }
.cards dd { margin: 0; font-size: 1.35rem; font-weight: 600; overflow-wrap: anywhere; }
.cards dd small { display: block; font-size: 0.85rem; font-weight: 400; color: var(--dim); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 0.93rem; }
caption { text-align: left; color: var(--dim); padding: 0.2rem 0 0.5rem; }
th, td { text-align: left; vertical-align: top; padding: 0.45rem 0.6rem;
  border-bottom: 1px solid var(--line); overflow-wrap: break-word; }
thead th { vertical-align: bottom; border-bottom: 2px solid var(--line); }
tbody th { font-weight: 600; min-width: 11rem; max-width: 26rem; overflow-wrap: anywhere; }
tbody th .dim { font-weight: 400; }
td.step { min-width: 12rem; }
td.n, th.n { text-align: right; }
td.n { font-variant-numeric: tabular-nums; white-space: nowrap; }
tbody tr:hover { background: var(--card); }
.badge { display: inline-block; border: 1px solid currentColor; border-radius: 1rem;
  padding: 0 0.6rem; font-size: 0.85rem; white-space: nowrap; }
.good { color: var(--pass); }
.bad { color: var(--alarm); font-weight: 600; }
svg { display: block; width: 100%; height: auto; }
svg.spark { width: 7.5rem; height: 1.7rem; }
svg text { font: 11px system-ui, sans-serif; fill: var(--dim); }
svg line { stroke: var(--line); }
.pass { fill: var(--pass); } .partial { fill: var(--partial); }
.forwarded { fill: var(--forwarded); } .fail { fill: var(--fail); }
.legend { display: flex; flex-wrap: wrap; gap: 0.3rem 1.3rem; list-style: none; padding: 0;
  margin: 0.4rem 0; font-size: 0.88rem; }
.legend svg { display: inline-block; width: 0.8rem; height: 0.8rem; margin-right: 0.4rem; }
summary { cursor: pointer; color: var(--link); margin: 0.5rem 0; }
ul.plain { padding-left: 1.2rem; margin: 0.3rem 0; }
td li { overflow-wrap: anywhere; }
footer { margin-top: 3rem; padding-top: 0.8rem; border-top: 1px solid var(--line);
  color: var(--dim); font-size: 0.85rem; }
@media print { :root { --bg: #fff; --fg: #000; --dim: #333; --line: #999; --card: #fff;
  --link: #000; --pass: #00704f; --partial: #3b86b8; --forwarded: #888; --fail: #b34208;
  --alarm: #8a2c00; }
  body { padding: 0; max-width: none; font-size: 10pt; print-color-adjust: exact; }
  nav, details { display: none; } tr, .cards > div, svg { break-inside: avoid; }
  thead { display: table-header-group; } a { text-decoration: none; } }
)css";

}  // namespace rampart
