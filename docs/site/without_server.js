/**
 * What a page needs that was opened as a file: browsers load no modules then, so that VitePress does
 * not run. The menu opens, and code can be copied. There is no search.
 */

if (location.protocol === "file:") {
  document.documentElement.classList.add("without-server");
  const sidebar = document.querySelector(".VPSidebar");
  if (sidebar !== null) markPage(sidebar);
  document.addEventListener("click", ({ target }) => {
    if (target.closest(".VPLocalNav .menu")) sidebar?.classList.toggle("open");
    else if (!target.closest(".VPSidebar")) sidebar?.classList.remove("open");
    const group = target.closest(".VPSidebarItem.collapsible > .item .caret");
    group?.closest(".VPSidebarItem").classList.toggle("collapsed");
    if (target.matches("button.copy")) copy(target);
  });
}

/** Shows which entry of the menu is this page. */
function markPage(sidebar) {
  const here = [...sidebar.querySelectorAll("a")].find(({ pathname }) =>
    pathname === location.pathname
  );
  here?.closest(".VPSidebarItem").classList.add("is-active");
  here?.scrollIntoView({ block: "center" });
  for (let group = here; group; group = group.parentElement.closest(".VPSidebarItem")) {
    group.classList.remove("collapsed");
  }
}

async function copy(button) {
  const code = button.parentElement.querySelector("pre code").textContent;
  await navigator.clipboard.writeText(code);
  button.classList.add("copied");
  setTimeout(() => button.classList.remove("copied"), 2_000);
}
