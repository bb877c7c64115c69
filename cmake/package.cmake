# What `cmake --install` puts where, and the Debian package that CPack makes of it.
include(GNUInstallDirs)

install(TARGETS rampart)
install(PROGRAMS packaging/rampart-github DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright)
install(DIRECTORY docs examples DESTINATION ${CMAKE_INSTALL_DOCDIR})

# The binary writes these itself, from its one table of commands.
set(RAMPART_EXTRAS "${CMAKE_BINARY_DIR}/extras")
foreach(extra
    "rampart.1|man|${CMAKE_INSTALL_MANDIR}/man1"
    "rampart|completion;bash|${CMAKE_INSTALL_DATADIR}/bash-completion/completions"
    "_rampart|completion;zsh|${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions"
    "rampart.fish|completion;fish|${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d"
    "rampart.schema.json|schema|${CMAKE_INSTALL_DATADIR}/rampart")
  string(REPLACE "|" ";" extra "${extra}")
  list(POP_FRONT extra file)
  list(POP_BACK extra folder)
  install(CODE "
    file(MAKE_DIRECTORY \"${RAMPART_EXTRAS}\")
    execute_process(COMMAND \"$<TARGET_FILE:rampart>\" ${extra}
                    OUTPUT_FILE \"${RAMPART_EXTRAS}/${file}\" COMMAND_ERROR_IS_FATAL ANY)
    file(INSTALL \"${RAMPART_EXTRAS}/${file}\" DESTINATION \"\${CMAKE_INSTALL_PREFIX}/${folder}\")")
endforeach()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME rampart)
set(CPACK_PACKAGE_CONTACT "Rampart developers <rampart@example.com>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "SPF, DKIM and DMARC as code, moved on by evidence")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS ca-certificates)
# For rampart-github and for plan --base.
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "curl, git, jq")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
    "Compares the mail policy that a YAML file asks for with live DNS, and changes only what
must change, through Route53, Cloudflare, RFC 2136, PowerDNS or zone files. Reads aggregate
reports, and moves DMARC ramps and DKIM rotations on by their evidence.")
include(CPack)
