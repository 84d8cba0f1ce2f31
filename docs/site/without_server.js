/**
 * What a page needs that was opened as a file: browsers load no modules then, so that VitePress does
 * not run. The menu opens, and code can be copied. There is no search.
 */

if (location.protocol === "file:") {
  document.documentElement.classList.add("without-server");
  document.addEventListener("click", ({ target }) => {
    const sidebar = document.querySelector(".VPSidebar");
    if (target.closest(".VPLocalNav .menu")) sidebar?.classList.toggle("open");
    else if (!target.closest(".VPSidebar")) sidebar?.classList.remove("open");
    const group = target.closest(".VPSidebarItem.collapsible > .item .caret");
    group?.closest(".VPSidebarItem").classList.toggle("collapsed");
    if (target.matches("button.copy")) copy(target);
  });
}

async function copy(button) {
  const code = button.parentElement.querySelector("pre code").textContent;
  await navigator.clipboard.writeText(code);
  button.classList.add("copied");
  setTimeout(() => button.classList.remove("copied"), 2_000);
}
