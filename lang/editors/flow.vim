" Which files are Flow programs, and how their lines are commented.
autocmd BufRead,BufNewFile *.flow setfiletype flow
autocmd FileType flow setlocal commentstring=#\ %s comments=:# expandtab shiftwidth=2
