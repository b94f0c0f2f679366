// How it looks: colours and measures with names, so that a page can change them from outside. Every side is a logical one,
// so right-to-left needs no rule.
import { css } from 'lit';

export const style = css`
:host {
  --a: var(--bmt-accent, #2554c7);
  --on: var(--bmt-on-accent, #fff);
  --fg: var(--bmt-text, #1b1f27);
  --dim: var(--bmt-muted, #5a6272);
  --bg: var(--bmt-surface, #fff);
  --tint: var(--bmt-tint, #f3f5f9);
  --line: var(--bmt-border, #858e9e);
  --hair: var(--bmt-hairline, #e1e5ec);
  --bad: var(--bmt-danger, #b3261e);
  --good: var(--bmt-success, #17703c);
  --r: var(--bmt-radius, 10px);
  --gap: var(--bmt-gap, 16px);
  display: block;
  font: var(--bmt-font, 16px/1.5 system-ui, sans-serif);
  color: var(--fg);
}
@supports (color: light-dark(#000, #fff)) {
  :host {
    --a: var(--bmt-accent, light-dark(#2554c7, #9db9ff));
    --on: var(--bmt-on-accent, light-dark(#fff, #0c1a3d));
    --fg: var(--bmt-text, light-dark(#1b1f27, #eceff5));
    --dim: var(--bmt-muted, light-dark(#5a6272, #a5aebf));
    --bg: var(--bmt-surface, light-dark(#fff, #171a21));
    --tint: var(--bmt-tint, light-dark(#f3f5f9, #20242d));
    --line: var(--bmt-border, light-dark(#858e9e, #77809a));
    --hair: var(--bmt-hairline, light-dark(#e1e5ec, #2d323d));
    --bad: var(--bmt-danger, light-dark(#b3261e, #ffb4ab));
    --good: var(--bmt-success, light-dark(#17703c, #7fd6a0));
  }
}
:host([empty]) { position: absolute; }
:host([hidden]), [hidden] { display: none !important; }
* { box-sizing: border-box; }
h2, p, fieldset, legend { margin: 0; padding: 0; border: 0; }
h2 { font-size: 1.125em; line-height: 1.35; }
button, input { font: inherit; color: inherit; }
button {
  min-block-size: 48px; padding: 8px 16px; border: 1px solid var(--line); border-radius: var(--r); background: none; cursor: pointer;
}
button:hover { background: var(--tint); }
button.main { inline-size: 100%; border-color: var(--a); background: var(--a); color: var(--on); font-weight: 600; }
button.main:hover { filter: brightness(1.08); }
button[aria-disabled=true] { opacity: .65; cursor: default; filter: none; }
button.wide { inline-size: 100%; margin-block-start: 4px; }
button.link { min-block-size: 32px; padding: 4px; border: 0; color: var(--dim); text-decoration: underline; }
a, summary { color: var(--a); }
:focus-visible { outline: 2px solid var(--a); outline-offset: 2px; }
input[type=radio], input[type=checkbox] { inline-size: 20px; block-size: 20px; margin: 2px 0; flex: none; accent-color: var(--a); }
legend, .name { font-weight: 600; }
legend { margin-block-end: 8px; }
.row { display: flex; gap: 12px; align-items: center; }
.acts { flex-wrap: wrap; }
.acts > * { margin-block-start: 12px; }
.grow { flex: 1; min-inline-size: 0; overflow-wrap: anywhere; }
.dim { color: var(--dim); font-size: .9375em; }
.num { font-variant-numeric: tabular-nums; white-space: nowrap; }
.bad { color: var(--bad); }
label.row { align-items: flex-start; padding: 13px 16px; cursor: pointer; }
label.plain { padding: 0; }
details, [role=alert] { padding-inline-start: 32px; }
details p { white-space: pre-line; max-block-size: 12em; overflow: auto; }
input[type=number] { inline-size: 64px; block-size: 48px; border: 1px solid var(--line); border-radius: var(--r); background: none; text-align: center; appearance: textfield; }
input::-webkit-inner-spin-button { appearance: none; }
dialog { inline-size: min(22rem, 100vw - 32px); padding: 24px; border: 0; border-radius: calc(var(--r) * 1.6); background: var(--bg); color: var(--fg); text-align: center; }
dialog[open] { display: grid; gap: 12px; }
dialog::backdrop { background: #0009; }
dialog svg { inline-size: 100%; border-radius: 8px; }

.list { border: 1px solid var(--line); border-radius: var(--r); overflow: hidden; }
.list > * + * { border-block-start: 1px solid var(--hair); }
.list > :has(:checked) { background: var(--tint); }
.list > :has(:focus-visible) { outline: 2px solid var(--a); outline-offset: -2px; }
.list input:focus-visible { outline: 0; }
@media (prefers-reduced-motion: no-preference) {
  .spin { animation: spin 1s linear infinite; }
  @keyframes spin { to { transform: rotate(1turn); } }
}
`;
